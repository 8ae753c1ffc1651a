use std::process::ExitCode;

use clap::Args;
use nix::unistd::{User, geteuid};
use serde_json::json;

use crate::{
    audit::Report,
    cli::{
        audit::{audit, describe},
        books::{BooksOption, OpenBooks},
    },
    console::{confirm, say, table},
    reconcile::{Action, Made, Proposal, Reason, make, propose},
};

#[derive(Args)]
#[command(
    after_help = "Without --apply it only looks, and exits 0 when there is nothing to do, 1 when there is. Transfers are never\nchanged: what is missing is added, and stored balances are made what transfers make them. Each correction is\nnoted in the table `reconciliations` of its database, with who made it and why.\n\nExamples:\n  loljoa admin reconcile\n  loljoa admin reconcile --apply --why 'stakes lost on 3 March, incident 12'\n  loljoa admin reconcile --apply --yes --by oncall --why 'as agreed' --json"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    books: BooksOption,
    /// Make the corrections, after asking
    #[arg(long, requires = "why")]
    apply: bool,
    /// Do not ask
    #[arg(long, requires = "apply")]
    yes: bool,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
    /// Who corrects, for the record [default: the user's name]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let open = arguments.books.open().await?;
    let code = reconcile(&arguments, &open).await;
    open.close().await;
    code
}

async fn reconcile(arguments: &Arguments, open: &OpenBooks) -> anyhow::Result<ExitCode> {
    let report = audit(&arguments.books, open).await?;
    let proposals = propose(&open.books, &report).await?;
    let is_shown = !arguments.json;
    if is_shown {
        say(describe(&report));
        say(list(&proposals));
    }
    let can_be_made = proposals.iter().any(|proposal| proposal.action != Action::AskAPerson);
    let makes = arguments.apply && can_be_made && (arguments.yes || confirm("Make these corrections?")?);
    if !makes {
        if arguments.json {
            say(json!({ "audit": report, "proposals": proposals }));
        }
        return Ok(code(&report, &proposals));
    }
    let made = apply(arguments, open, &proposals, is_shown).await?;
    let left = audit(&arguments.books, open).await?;
    let proposals = propose(&open.books, &left).await?;
    if is_shown {
        say(describe(&left));
    } else {
        say(json!({ "made": made, "audit": left, "proposals": proposals }));
    }
    Ok(code(&left, &proposals))
}

fn code(report: &Report, proposals: &[Proposal]) -> ExitCode {
    if report.is_clean() && proposals.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn apply(
    arguments: &Arguments,
    open: &OpenBooks,
    proposals: &[Proposal],
    is_shown: bool,
) -> anyhow::Result<Vec<Made>> {
    let reason = Reason {
        who: arguments.by.clone().unwrap_or_else(whoever_this_is),
        why: arguments.why.clone().unwrap_or_default(),
    };
    let tell = |made: &Made| {
        if is_shown {
            show(made);
        }
    };
    Ok(make(&open.books, proposals, &reason, tell).await?)
}

fn whoever_this_is() -> String {
    let user = User::from_uid(geteuid()).ok().flatten();
    user.map_or_else(|| geteuid().to_string(), |user| user.name)
}

fn list(proposals: &[Proposal]) -> String {
    if proposals.is_empty() {
        return "There is nothing to correct.".to_owned();
    }
    let header = ["action", "subject", "what"].map(str::to_owned).to_vec();
    let row = |proposal: &Proposal| {
        vec![proposal.action.name().to_owned(), proposal.subject.clone(), proposal.what.clone()]
    };
    let rows: Vec<_> = std::iter::once(header).chain(proposals.iter().map(row)).collect();
    format!("{}\n{} corrections are proposed.", table(&rows), proposals.len())
}

fn show(made: &Made) {
    for step in &made.steps {
        say(format_args!("{}  done: {step}", made.subject));
    }
    if let Some(why) = &made.refused {
        say(format_args!("{}  left: {why}", made.subject));
    }
}
