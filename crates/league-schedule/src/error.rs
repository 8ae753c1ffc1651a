//! What the domain refuses, as callers get it.

use loljoa_service_kit::Error;

use crate::domain::{Misfit, Refusal};

/// There is no match with the id that was asked for.
#[must_use]
pub(crate) fn match_unknown() -> Error {
    Error::not_found("match_unknown", "there is no such match")
}

/// There is no tournament with the id that was asked for.
#[must_use]
pub(crate) fn tournament_unknown() -> Error {
    Error::not_found("tournament_unknown", "there is no such tournament")
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            Refusal::Over => Self::conflict("match_over", message),
            Refusal::Cancelled => Self::conflict("match_cancelled", message),
            Refusal::TeamsUndecided => Self::conflict("teams_undecided", message),
            Refusal::Score(misfit) => {
                let invalid = Self::invalid_field("team1Wins", misfit_reason(misfit), message.clone());
                invalid.with_field("team2Wins", message)
            }
            Refusal::ForfeiterNotPlaying => {
                Self::invalid_field("forfeitedById", "forfeiter_not_playing", message)
            }
            Refusal::ForfeiterWon => Self::invalid_field("forfeitedById", "forfeiter_won", message),
            Refusal::NoDouble => Self::invalid_field("inFavourOf", "no_double", message),
            Refusal::ResultDoesNotFit => Self::conflict("result_does_not_fit", message),
        }
    }
}

const fn misfit_reason(misfit: Misfit) -> &'static str {
    match misfit {
        Misfit::Negative => "wins_negative",
        Misfit::BeyondBestOf => "score_beyond_best_of",
        Misfit::NoWinner => "score_without_winner",
    }
}
