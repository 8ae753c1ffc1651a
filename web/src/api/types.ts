import type { components } from "./schema";

type Schemas = components["schemas"];

export type Account = Schemas["Account"];
/** An account on the leaderboard, which does not tell who is an admin. */
export type Place = Schemas["Place"];
export type ManagedAccount = Schemas["ManagedAccount"];
export type Session = Schemas["Session"];
export type Tier = Schemas["Tier"];
export type StatementLine = Schemas["StatementLine"];
export type Text = Schemas["Text"];
export type Team = Schemas["Team"];
/** A team in the list of all, with its club's other codes. */
export type ListedTeam = Schemas["ListedTeam"];
export type TeamName = Schemas["TeamName"];
export type Tournament = Schemas["Tournament"];
export type Match = Schemas["Match"];
export type Stage = Schemas["Stage"];
export type Table = Schemas["Table"];
export type Standing = Schemas["Standing"];
export type BracketRound = Schemas["BracketRound"];
/** A question about a whole stage. */
export type Question = Schemas["Question"];
export type ImportReport = Schemas["ImportReport"];
export type Stake = Schemas["Stake"];
export type Suspects = Schemas["Suspects"];
export type Suspect = Schemas["Suspect"];
export type Outcome = Schemas["Outcome"];
export type Market = Schemas["Market"];
export type Bet = Schemas["Bet"];
export type Problem = Schemas["Problem"];
export type Hello = Schemas["Hello"];
/** The answer to a new bet: the bet and its market with it in the pools. */
export type PlacedBet = Schemas["BetOnMarket"];
export type Incident = Schemas["Incident"];
export type SystemStatus = Schemas["SystemStatus"];
export type PartStatus = Schemas["PartStatus"];
export type AuditStatus = Schemas["AuditStatus"];
export type AdminAction = Schemas["AdminAction"];
