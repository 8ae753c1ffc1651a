-- Reads all bets once, while bets go on being recorded, so that 0042 need not.
ALTER TABLE bets VALIDATE CONSTRAINT bets_first_period;
