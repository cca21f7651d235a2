//! Videos of every kind through the door of the media room, made on the spot by the ffmpeg program.

mod clips;
mod colours;
mod containers;
mod damage;
mod orientation;
mod refusals;
mod sampling;
