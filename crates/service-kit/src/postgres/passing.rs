//! Which failures of the database pass.

/// Whether the same statement may well succeed later: the database cannot be reached, is going away or coming up, has no room,
/// or gave up for now. All else is our fault.
pub(crate) fn is_passing(error: &sqlx::Error) -> bool {
    is_lost(error)
        || match error {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
            sqlx::Error::Database(error) => error.code().is_some_and(|code| passes(&code)),
            _ => false,
        }
}

/// Whether the connection was lost, and with it the answer: nobody knows whether the statement was done.
pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| goes_away(&code)),
        _ => false,
    }
}

/// Connection exceptions; a server or a session that is being ended, crashed, or comes up; a pooler without its server.
fn goes_away(code: &str) -> bool {
    code.starts_with("08") || matches!(code, "57P01" | "57P02" | "57P03" | "57P05")
}

/// A statement or a wait for a lock that took too long, conflicts that outlasted the retries, a server that was demoted, an idle
/// transaction that was ended, and a server without connections, memory or room on its disk.
fn passes(code: &str) -> bool {
    code.starts_with("53")
        || matches!(code, "57014" | "55P03" | "40001" | "40P01" | "25006" | "25P03" | "25P04")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_connection_passes_and_our_mistakes_do_not() {
        for lost in [
            sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into()),
            sqlx::Error::Io(std::io::ErrorKind::UnexpectedEof.into()),
            sqlx::Error::WorkerCrashed,
        ] {
            assert!(is_lost(&lost) && is_passing(&lost), "{lost}");
        }
        for passing in [sqlx::Error::PoolTimedOut, sqlx::Error::PoolClosed] {
            assert!(is_passing(&passing) && !is_lost(&passing), "{passing}");
        }
        for ours in [sqlx::Error::RowNotFound, sqlx::Error::ColumnNotFound("stake".into())] {
            assert!(!is_passing(&ours), "{ours}");
        }
    }

    #[test]
    fn codes_of_the_server_are_told_apart() {
        for code in ["08000", "08003", "08006", "08P01", "57P01", "57P02", "57P03"] {
            assert!(goes_away(code), "{code}");
        }
        for code in ["53100", "53200", "53300", "57014", "55P03", "40001", "40P01", "25006"] {
            assert!(passes(code) && !goes_away(code), "{code}");
        }
        for code in ["23505", "23514", "42P01", "22003", "XX001"] {
            assert!(!passes(code) && !goes_away(code), "{code}");
        }
    }
}
