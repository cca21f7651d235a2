//! Measures a pack on labelled pairs: accuracy, error rates with intervals, calibration.
