//! A value of one kind that meets every constraint, or the proof that there is none.

mod array;
mod kind;
mod number;
mod object;
mod text;
