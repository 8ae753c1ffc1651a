//! A cell keeps to what is its own, whatever it is sent, and however it is configured.

use loljoa::system::{Options, Part, Service, System};
use loljoa_proto::account::v1::{
    ApplyTransfersRequest, BetResult, ClearMarketRequest, ClearingPurpose, RecordResultsRequest,
    SignUpRequest, Transfer, TransferKind, TransferOutcome, account_service_client::AccountServiceClient,
    ledger_service_client::LedgerServiceClient,
};
use loljoa_service_kit::{
    AccountId, BetId, Error, IdempotencyKey,
    config::Upstream,
    grpc::{Channel, client},
};

use super::{Story, all_is_accounted_for, names_in, number};
use crate::support::{ADMIN_PASSWORD, App, PASSWORD, SEALING_KEY};

fn channel(app: &App, cell: u16) -> Channel {
    let at = app.system.parts()[&Part { service: Service::Account, cell }].service;
    client::connect(&Upstream::at(format!("http://{at}").parse().unwrap())).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cell_of_account_refuses_what_belongs_to_another() {
    let story = Story::begin().await;
    let (channel, bettor) = (channel(&story.app, 1), &story.bettors[0][0]);
    let sign_up =
        SignUpRequest { username: names_in(0)[0].clone(), password: PASSWORD.into(), ..Default::default() };
    let refused = AccountServiceClient::new(channel.clone()).sign_up(sign_up).await.unwrap_err();
    assert_eq!(Error::from(refused).reason, "other_cell");

    let mut ledger = LedgerServiceClient::new(channel);
    let bet = BetId::of(AccountId(bettor.account_id), IdempotencyKey::fresh());
    let market_id = story.games[0].winner.market_id.to_string();
    let transfer = |kind: TransferKind| Transfer {
        transfer_id: if kind == TransferKind::Stake { bet.stake_transfer() } else { bet.closing_transfer() }
            .to_string(),
        kind: kind.into(),
        account_id: bettor.account_id.to_string(),
        market_id: market_id.clone(),
        bet_id: bet.to_string(),
        points: 100,
        fingerprint: vec![7; 32],
        closes_transfer_id: if kind == TransferKind::Stake {
            String::new()
        } else {
            bet.stake_transfer().to_string()
        },
    };
    let transfers = vec![transfer(TransferKind::Stake), transfer(TransferKind::Tombstone)];
    let answer = ledger.apply_transfers(ApplyTransfersRequest { transfers }).await.unwrap().into_inner();
    assert_eq!(answer.outcomes().collect::<Vec<_>>(), [TransferOutcome::UnknownAccount; 2]);
    let result = BetResult {
        bet_id: bet.to_string(),
        account_id: bettor.account_id.to_string(),
        market_id: market_id.clone(),
        staked: 100,
        paid: 0,
    };
    let answer = ledger.record_results(RecordResultsRequest { results: vec![result] }).await.unwrap();
    assert_eq!((answer.get_ref().recorded, answer.get_ref().unknown), (0, 1));
    for table in ["SELECT count(*) FROM refused_stakes", "SELECT count(*) FROM bet_results"] {
        assert_eq!(number(&story.app.db.accounts[1], table).await, 0, "nothing of it is kept");
    }
    let clear =
        ClearMarketRequest { market_id, purpose: ClearingPurpose::Settlement.into(), points: -1, cover: 0 };
    let answer = ledger.clear_market(clear).await.unwrap();
    assert_eq!(answer.get_ref().outcome(), TransferOutcome::InsufficientPoints, "a pool gives what it holds");
    all_is_accounted_for(&story.app.db).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_alone_clears_nothing() {
    let app = App::start().await;
    let clear = ClearMarketRequest {
        market_id: loljoa_service_kit::ids::fresh().to_string(),
        purpose: ClearingPurpose::Settlement.into(),
        points: 1_000_000,
        cover: 0,
    };
    let refused = LedgerServiceClient::new(channel(&app, 0)).clear_market(clear).await.unwrap_err();
    assert_eq!(Error::from(refused).reason, "one_cell");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cell_does_not_run_over_the_database_of_another() {
    let Story { app, .. } = Story::begin().await;
    let App { system, db, .. } = app;
    system.stop().await;
    let swapped = |swap: fn(&mut loljoa::system::Databases)| {
        let mut databases = db.as_options();
        swap(&mut databases);
        databases
    };
    let wrong = [
        swapped(|it| std::mem::swap(&mut it.account, &mut it.further_account[0])),
        swapped(|it| std::mem::swap(&mut it.betting, &mut it.further_betting[0])),
    ];
    for databases in wrong {
        let options = Options::new(databases, ADMIN_PASSWORD.into(), SEALING_KEY.into());
        let Err(error) = System::start(options).await else { panic!("it runs") };
        assert!(format!("{error:#}").contains("does not belong to cell"), "{error:#}");
    }
    all_is_accounted_for(&db).await;
}
