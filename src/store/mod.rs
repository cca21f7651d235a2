//! Rows and blobs: no database type leaves this room.
