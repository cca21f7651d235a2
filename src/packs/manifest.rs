//! What `models/manifest.json` says: packs in order of preference, their files, papers and calibration.
