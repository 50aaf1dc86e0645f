//! Segments from the outside: what goes in comes out, from memory and from files.

mod damage;
mod random;
mod round_trip;
mod samples;
