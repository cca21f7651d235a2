//! Reads and validates a rule file.
