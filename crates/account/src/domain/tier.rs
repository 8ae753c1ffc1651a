//! Tiers, by net profit over settled markets.

use loljoa_service_kit::Points;

/// How far an account has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tier {
    Bronze,
    Silver,
    Gold,
    Platinum,
    Diamond,
}

impl Tier {
    const ALL: [Self; 5] = [Self::Bronze, Self::Silver, Self::Gold, Self::Platinum, Self::Diamond];

    /// The tier of an account with this profit.
    pub(crate) fn of(profit: Points) -> Self {
        let reached = Self::ALL.into_iter().rev().find(|tier| tier.starts_at() <= profit);
        reached.unwrap_or(Self::Bronze)
    }

    /// The least profit of the tier.
    pub(crate) const fn starts_at(self) -> Points {
        Points(match self {
            Self::Bronze => i64::MIN,
            Self::Silver => 1_000,
            Self::Gold => 10_000,
            Self::Platinum => 100_000,
            Self::Diamond => 1_000_000,
        })
    }

    /// The greatest profit of the tier.
    pub(crate) fn ends_at(self) -> Points {
        let next = Self::ALL.into_iter().find(|tier| *tier > self);
        next.map_or(Points(i64::MAX), |next| Points(next.starts_at().0 - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_starts_at_its_profit_and_ends_before_the_next() {
        let cases = [
            (i64::MIN, Tier::Bronze),
            (0, Tier::Bronze),
            (999, Tier::Bronze),
            (1_000, Tier::Silver),
            (9_999, Tier::Silver),
            (10_000, Tier::Gold),
            (99_999, Tier::Gold),
            (100_000, Tier::Platinum),
            (999_999, Tier::Platinum),
            (1_000_000, Tier::Diamond),
            (i64::MAX, Tier::Diamond),
        ];
        for (profit, tier) in cases {
            assert_eq!(Tier::of(Points(profit)), tier, "{profit}");
            assert!(tier.starts_at() <= Points(profit) && Points(profit) <= tier.ends_at(), "{profit}");
        }
    }
}
