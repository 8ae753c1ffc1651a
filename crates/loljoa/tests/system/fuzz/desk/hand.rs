//! What the admin does to one match by hand.

use loljoa_league_schedule::domain::Team;
use loljoa_service_kit::Clock;
use serde_json::json;

use super::Desk;
use crate::fuzz::{
    change::Change,
    line::{Ending, time},
};

impl Desk {
    pub(super) async fn end(&mut self, at: usize) -> bool {
        let ending = Ending::random(self.lines[at].best_of, &mut self.random);
        self.by_hand(at, Change::End(ending)).await
    }

    pub(super) async fn by_hand(&mut self, at: usize, change: Change) -> bool {
        let line = change.on(&self.lines[at], Clock::system().now());
        let reply = match change {
            Change::End(ending) => {
                let forfeiter = line.teams[ending.loser()].filter(|_| ending.is_forfeit);
                let result = json!({
                    "team1Wins": ending.wins[0], "team2Wins": ending.wins[1],
                    "forfeitedById": forfeiter.map(|code| Team::id_of(code).0),
                });
                self.admin.http.post(&format!("{}/result", line.path()), &result).await
            }
            _ => self.admin.http.patch(&line.path(), &json!({ "startsAt": time(line.starts_at) })).await,
        };
        let applied = self.done(change.name(), &reply);
        if applied {
            self.take(line);
        }
        applied
    }

    pub(super) async fn cancel(&mut self) {
        let at = self.choose();
        self.cancel_at(at).await;
    }

    pub(super) async fn cancel_at(&mut self, at: usize) {
        let reply = self.admin.http.patch(&self.lines[at].path(), &json!({ "cancel": true })).await;
        self.lines[at].is_cancelled |= self.done("match cancelled", &reply);
    }

    /// Removes a match, if nobody has points on it, or brings one back.
    pub(super) async fn remove(&mut self) {
        let at = self.choose();
        if self.lines[at].is_removed {
            let line = self.lines[at].clone();
            self.import_changed(vec![line], vec!["match back"]).await;
            return;
        }
        let reply = self.admin.http.delete(&self.lines[at].path()).await;
        self.lines[at].is_removed |= self.done("match removed", &reply);
    }
}
