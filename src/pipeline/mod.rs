//! One document and one video in, one examination out.
