//! The judgement, by values.
