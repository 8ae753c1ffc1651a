//! A stake as a client may write it.

use std::fmt;

use loljoa_service_kit::Points;
use serde::{Deserialize, Deserializer, de};

/// A whole JSON number that fits 64 bits. Whether it is enough, or too much, is for betting to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stake(pub(crate) Points);

impl<'de> Deserialize<'de> for Stake {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

impl de::Visitor<'_> for Visitor {
    type Value = Stake;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of points")
    }

    fn visit_i64<E: de::Error>(self, points: i64) -> Result<Stake, E> {
        Ok(Stake(Points(points)))
    }

    fn visit_u64<E: de::Error>(self, points: u64) -> Result<Stake, E> {
        let too_much = |_| E::custom(format_args!("must be {} or less", i64::MAX));
        i64::try_from(points).map(|points| Stake(Points(points))).map_err(too_much)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Stake, E> {
        Err(E::custom("must be a whole number of points, without fraction or exponent"))
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Stake, E> {
        Err(E::custom("must be a number, not text"))
    }
}
