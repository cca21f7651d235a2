//! The database migrations of `likeness`, oldest first.
