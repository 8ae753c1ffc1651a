//! A stake as a client may write it.

use std::fmt;

use loljoa_service_kit::Points;
use serde::{Deserialize, Deserializer, de};

/// A whole JSON number that fits 64 bits. Whether it is enough, or too much, is for betting to say. `250.0` is as whole as `250`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stake(pub(crate) Points);

impl<'de> Deserialize<'de> for Stake {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

/// Beyond it a double does not tell neighbouring whole numbers apart.
const EXACT: f64 = 9_007_199_254_740_991.0;

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

    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is whole, and within what a double counts exactly"
    )]
    fn visit_f64<E: de::Error>(self, points: f64) -> Result<Stake, E> {
        if points.fract() != 0.0 || points.abs() > EXACT {
            return Err(E::custom("must be a whole number of points"));
        }
        Ok(Stake(Points(points as i64)))
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Stake, E> {
        Err(E::custom("must be a number, not text"))
    }
}
