//! Which steps can come next, and what each does. A step is one commit, one message, or one thing that goes wrong.

use crate::{
    ledger::Answer,
    state::{Market, Message, Stake, Standing, State, Task, Told},
    world::{BETS, Defect, World},
};

/// A step.
#[expect(missing_docs, reason = "which bet, which outcome, which replica")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// A client asks a replica for a bet.
    Ask { bet: u8, outcome: u8, replica: u8 },
    /// A message arrives. It may arrive again; its answer reaches a replica that waits for it, or is lost.
    Arrive { message: Message, is_last: bool, answers: Option<u8> },
    /// A replica gives a call up. Its client does not know what became of the bet.
    GiveUp { replica: u8 },
    /// A replica reads the clock, and holds no market yet ([`Defect::ReadsClockFirst`]).
    Look { replica: u8 },
    /// A replica records the bet whose stake is taken, and answers.
    Record { replica: u8 },
    /// A replica sees a stake without a bet. Its lease may have run out: the other may see it, too.
    See { bet: u8, replica: u8 },
    /// A replica writes the tombstone.
    Bury { replica: u8 },
    /// A replica is gone, with all that it had in its memory.
    Crash { replica: u8 },
    /// What is owed is sent.
    Send { bet: u8 },
    /// The first bet's client cancels it.
    Cancel,
    /// Time goes on.
    Tick,
    /// The match starts at another time.
    Move { to: u8 },
    /// The lock has come.
    Lock,
    /// The result has come.
    Decide { outcome: u8 },
    /// An admin voids the market.
    Void,
    /// A late bet is refunded.
    Withdraw { bet: u8 },
    /// The division is fixed.
    Freeze,
    /// A bet is closed.
    Close { bet: u8 },
    /// The market becomes final.
    Finish,
    /// The ledger comes back from a standby that had not heard of a stake, while its refund is under way. What becomes of bets that
    /// stand then is a matter of `loljoa admin reconcile`, and not of this model.
    Forget { bet: u8 },
}

/// What the system does by itself, until there is nothing more to do.
pub fn own(world: &World, state: &State, steps: &mut Vec<Step>) {
    for (replica, task) in (0..).zip(state.tasks) {
        match task {
            Task::Idle => {}
            Task::Asking { .. } => steps.push(Step::GiveUp { replica }),
            Task::Debited { .. } if world.has(Defect::ReadsClockFirst) => steps.push(Step::Look { replica }),
            Task::Debited { .. } | Task::Decided { .. } => steps.push(Step::Record { replica }),
            Task::Recovering { .. } => steps.push(Step::Bury { replica }),
        }
    }
    let betting = &state.betting;
    for (bet, index) in (0..).zip(0..BETS) {
        let is_lost = matches!(state.ledger.stakes[index], Stake::Taken(_)) && betting.bets[index].is_none();
        if is_lost && !world.has(Defect::RecoversNothing) {
            steps.extend(idle(state).map(|replica| Step::See { bet, replica }));
        }
        if betting.owed[index].is_some_and(|points| !state.network.contains(&Message::Close { bet, points }))
        {
            steps.push(Step::Send { bet });
        }
        let stands = betting.bets[index].is_some_and(|bet| bet.state == Standing::Accepted);
        if stands && matches!(betting.market, Market::Settling | Market::Voiding) {
            steps.push(Step::Close { bet });
        }
        let may_withdraw = betting.market == Market::Locked
            || betting.market == Market::Open
            || world.has(Defect::FreezesTooEarly);
        if may_withdraw && betting.is_late(index) && !world.has(Defect::KeepsLateBets) {
            steps.push(Step::Withdraw { bet });
        }
    }
    if betting.market == Market::Open && state.now >= betting.lock_at {
        steps.push(Step::Lock);
    }
    let has_late = (0..BETS).any(|bet| betting.is_late(bet));
    let may_freeze = !has_late || world.has(Defect::KeepsLateBets) || world.has(Defect::FreezesTooEarly);
    if betting.market == Market::Locked && betting.decided.is_some() && may_freeze {
        steps.push(Step::Freeze);
    }
    if matches!(betting.market, Market::Settling | Market::Voiding) && betting.is_done(world) {
        steps.push(Step::Finish);
    }
}

/// What comes from outside, and what goes wrong.
pub fn others(world: &World, state: &State, steps: &mut Vec<Step>) {
    let left = &state.left;
    for (bet, index) in (0..).zip(0..BETS) {
        if left.attempts[index] > 0 {
            let outcome = world.outcomes[index];
            steps.extend(idle(state).map(|replica| Step::Ask { bet, outcome, replica }));
        }
    }
    if left.contradictions > 0 {
        let outcome = 1 - world.outcomes[0];
        steps.extend(idle(state).map(|replica| Step::Ask { bet: 0, outcome, replica }));
    }
    for message in &state.network {
        arrivals(state, *message, steps);
    }
    for (replica, task) in (0..).zip(state.tasks) {
        if left.crashes > 0 && task != Task::Idle {
            steps.push(Step::Crash { replica });
        }
    }
    let betting = &state.betting;
    let stands = betting.bets[0].is_some_and(|bet| bet.state == Standing::Accepted);
    if left.cancels > 0 && stands && (betting.is_open(state.now) || world.has(Defect::CancelsAfterLock)) {
        steps.push(Step::Cancel);
    }
    if state.now < betting.lock_at {
        steps.push(Step::Tick);
    }
    let is_undecided = betting.decided.is_none() && matches!(betting.market, Market::Open | Market::Locked);
    if left.moves > 0 && is_undecided {
        steps.extend([Step::Move { to: state.now }, Step::Move { to: state.now + 2 }]);
    }
    let may_decide = is_undecided && betting.market == Market::Locked;
    let may_decide_again = world.has(Defect::DecidesTwice) && betting.market == Market::Settling;
    if may_decide || (may_decide_again && betting.decided == Some(0)) {
        steps.extend((0..2).map(|outcome| Step::Decide { outcome }));
    }
    if world.voids && is_undecided {
        steps.push(Step::Void);
    }
    for (bet, index) in (0..).zip(0..BETS) {
        let is_buried = betting.bets[index].is_some_and(|bet| bet.state == Standing::Tombstone);
        let is_owed = betting.owed[index].is_some() && state.ledger.closings[index].is_none();
        let is_taken = matches!(state.ledger.stakes[index], Stake::Taken(_));
        if left.restores > 0 && is_buried && is_owed && is_taken {
            steps.push(Step::Forget { bet });
        }
    }
}

/// A replica that has nothing to do: they are all alike, so one stands for all.
fn idle(state: &State) -> Option<u8> {
    (0..).zip(state.tasks).find(|(_, task)| *task == Task::Idle).map(|(replica, _)| replica)
}

fn arrivals(state: &State, message: Message, steps: &mut Vec<Step>) {
    let waits = |task: &Task| match (message, *task) {
        (Message::Stake { bet, outcome }, Task::Asking { bet: own, outcome: wanted }) => {
            bet == own && outcome == wanted
        }
        _ => false,
    };
    let waiting = (0..).zip(&state.tasks).filter(|(_, task)| waits(task)).map(|(replica, _)| Some(replica));
    let answers = || waiting.clone().chain([None]);
    // Whoever delivers what is owed keeps nothing of it in memory, so that it does not matter which replica hears the answer.
    let acknowledged = matches!(message, Message::Close { .. }).then_some(Some(0));
    for answers in answers().chain(acknowledged) {
        steps.push(Step::Arrive { message, is_last: true, answers });
        if state.left.repetitions > 0 {
            steps.push(Step::Arrive { message, is_last: false, answers });
        }
    }
}

/// What is after a step.
#[must_use]
pub fn after(world: &World, before: &State, step: Step) -> State {
    let mut state = before.clone();
    state.take(world, step);
    // Replicas are all alike.
    state.tasks.sort_unstable();
    state
}

impl State {
    fn take(&mut self, world: &World, step: Step) {
        let now = self.now;
        match step {
            Step::Ask { bet, outcome, replica } => self.ask(world, bet, outcome, replica),
            Step::Arrive { message, is_last, answers } => self.arrive(world, message, is_last, answers),
            Step::GiveUp { replica } => self.tasks[usize::from(replica)] = Task::Idle,
            Step::Look { replica } => {
                if let Task::Debited { bet, outcome } = self.tasks[usize::from(replica)] {
                    let is_open = self.betting.is_open(now);
                    self.tasks[usize::from(replica)] = Task::Decided { bet, outcome, is_open };
                }
            }
            Step::Record { replica } => self.record(world, replica),
            Step::See { bet, replica } => self.tasks[usize::from(replica)] = Task::Recovering { bet },
            Step::Bury { replica } => self.bury(world, replica),
            Step::Crash { replica } => {
                self.left.crashes -= 1;
                self.tasks[usize::from(replica)] = Task::Idle;
            }
            Step::Send { bet } => {
                let owed = self.betting.owed[usize::from(bet)];
                self.network.extend(owed.map(|points| Message::Close { bet, points }));
            }
            Step::Cancel => {
                self.left.cancels -= 1;
                self.betting.cancel(world, 0);
                if world.has(Defect::OwesInMemory) {
                    self.network.insert(Message::Close { bet: 0, points: world.stakes[0] });
                }
            }
            Step::Tick => self.now += 1,
            Step::Move { to } => {
                self.left.moves -= 1;
                self.betting.move_lock(to, now);
                // Whoever reads the clock next reads a later time.
                self.now += 1;
            }
            Step::Lock => self.betting.market = Market::Locked,
            Step::Decide { outcome } => self.betting.decided = Some(outcome),
            Step::Void => self.betting.market = Market::Voiding,
            Step::Withdraw { bet } => self.betting.withdraw(world, usize::from(bet)),
            Step::Freeze => {
                if let Some(outcome) = self.betting.decided {
                    self.betting.freeze(world, outcome);
                }
            }
            Step::Close { bet } => self.betting.close(world, usize::from(bet)),
            Step::Finish => self.betting.finish(),
            Step::Forget { bet } => {
                self.left.restores -= 1;
                self.ledger.forget(world, usize::from(bet));
            }
        }
    }

    fn ask(&mut self, world: &World, bet: u8, outcome: u8, replica: u8) {
        let index = usize::from(bet);
        if outcome == world.outcomes[index] {
            self.left.attempts[index] -= 1;
        } else {
            self.left.contradictions -= 1;
        }
        self.network.insert(Message::Stake { bet, outcome });
        self.tasks[usize::from(replica)] = Task::Asking { bet, outcome };
    }

    fn arrive(&mut self, world: &World, message: Message, is_last: bool, answers: Option<u8>) {
        if is_last {
            self.network.remove(&message);
        } else {
            self.left.repetitions -= 1;
        }
        match message {
            Message::Stake { bet, outcome } => {
                let answer = self.ledger.take(world, usize::from(bet), outcome);
                let Some(replica) = answers else { return };
                self.tasks[usize::from(replica)] = Task::Idle;
                if answer == Answer::Taken {
                    self.tasks[usize::from(replica)] = Task::Debited { bet, outcome };
                    if world.has(Defect::AnswersAtDebit) {
                        self.tell(bet, Told::Accepted(outcome));
                    }
                }
            }
            Message::Close { bet, points } => {
                self.ledger.close(world, usize::from(bet), points);
                if answers.is_some() {
                    self.betting.owed[usize::from(bet)] = None;
                }
            }
        }
    }

    fn record(&mut self, world: &World, replica: u8) {
        let (bet, outcome, is_open) = match self.tasks[usize::from(replica)] {
            Task::Debited { bet, outcome } => (bet, outcome, self.betting.is_open(self.now)),
            Task::Decided { bet, outcome, is_open } => (bet, outcome, is_open),
            _ => return,
        };
        self.tasks[usize::from(replica)] = Task::Idle;
        let told = self.betting.record(world, usize::from(bet), outcome, self.now, is_open);
        self.tell(bet, told);
    }

    fn bury(&mut self, world: &World, replica: u8) {
        let Task::Recovering { bet } = self.tasks[usize::from(replica)] else { return };
        self.tasks[usize::from(replica)] = Task::Idle;
        if let Stake::Taken(outcome) = self.ledger.stakes[usize::from(bet)] {
            self.betting.bury(world, usize::from(bet), outcome, self.now);
        }
    }

    fn tell(&mut self, bet: u8, told: Told) {
        if told != Told::Nothing {
            self.told[usize::from(bet)] = told;
        }
    }
}
