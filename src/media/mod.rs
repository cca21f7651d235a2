//! A video file in, upright RGB frames with their times out.
