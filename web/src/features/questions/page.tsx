import { useRoute } from "preact-iso";
import { useEffect } from "preact/hooks";
import type { Question } from "../../api/types";
import { isVoid, market as find, marketIds, onMarket } from "../../app/markets";
import { loadMarkets } from "../../app/market-list";
import { listQuestions } from "../../app/questions";
import { useResource } from "../../app/resource";
import { useWatched } from "../../app/watch";
import { Champion } from "../../components/champion";
import { Countdown } from "../../components/countdown";
import { questionAbout } from "../../components/market-words";
import { Moment } from "../../components/moment";
import { SlipAside } from "../../components/slip";
import { Loaded, Skeleton } from "../../components/states";
import { t } from "../../i18n";
import { useTitle } from "../../lib/title";
import { LiveMark } from "../home/live-mark";
import { NotFound } from "../not-found/page";
import { useDesk } from "./desk";
import "./questions.css";

/** Until when bets are taken, or when its stage begins and how far it is. */
function When({ question }: { question: Question }) {
  const words = t().questions;
  const ids = marketIds(question.questionId).value;
  const lockAt = ids.map((id) => find(id)?.value).find((one) => one?.state === "open")?.lockAt;
  return (
    <div class="match-head question-when">
      <span>{lockAt === undefined ? words.starts : words.locks}</span>
      <Moment iso={lockAt ?? question.startsAt} style="dateTime" />
      <span class="end">
        {lockAt === undefined ? (
          <span class="tag">{words.state[question.state]}</span>
        ) : (
          <Countdown until={lockAt} />
        )}
      </span>
    </div>
  );
}

function Head({ question }: { question: Question }) {
  const words = t().questions;
  const winner = question.candidates.find((team) => team.teamId === question.winnerId);
  return (
    <section class="panel padded stack">
      <When question={question} />
      <div class="question-head">
        <h1>{words.ask[question.kind]}</h1>
        <p class="muted">
          {question.tournament} · {questionAbout(question)}
        </p>
      </div>
      {winner && <Champion team={winner} word={words.winner[question.kind]} />}
      <p>
        <a href={`/standings?tournament=${question.tournamentId}`}>{words.standings}</a>
      </p>
    </section>
  );
}

/** Why there is nothing to bet on. */
function without({ state, candidates }: Question): string {
  const words = t().questions;
  if (state === "cancelled") return words.cancelled;
  if (state === "decided") return words.none;
  if (candidates.length === 0) return words.waitingText;
  return state === "scheduled" ? words.soon : words.none;
}

function Markets({ question }: { question: Question }) {
  const id = question.questionId;
  const markets = useResource(`markets ${id}`, () => loadMarkets([id]));
  const found = marketIds(id).value.flatMap((one) => find(one)?.value ?? []);
  const Desk = useDesk();
  return (
    <section>
      <div class="section-head">
        <h2>{t().match.markets}</h2>
        <LiveMark />
      </div>
      <div class="stack">
        {found.every(isVoid) && (
          <Loaded from={markets} skeleton={<Skeleton height={190} />}>
            {() => <p class="panel padded muted">{without(question)}</p>}
          </Loaded>
        )}
        {found.map(({ marketId }) => (
          <Desk key={marketId} id={marketId} candidates={question.candidates} />
        ))}
      </div>
    </section>
  );
}

function Details({ question }: { question: Question }) {
  useWatched([question.questionId]);
  useTitle(`${questionAbout(question)} · ${t().questions.ask[question.kind]}`);
  return (
    <>
      <Head question={question} />
      <Markets question={question} />
    </>
  );
}

/** One question about a stage with its markets. */
export default function QuestionPage() {
  const { params } = useRoute();
  const id = params.questionId ?? "";
  const questions = useResource("questions", () => listQuestions(), { every: 30_000 });
  const { reload } = questions;
  useEffect(
    () =>
      onMarket((market, before) => {
        if (market.matchId === id && before && before.state !== market.state) reload();
      }),
    [id, reload],
  );
  const found = questions.data?.find((question) => question.questionId === id);
  if (questions.data && !found) return <NotFound />;
  return (
    <div class="with-slip">
      <div class="stack">
        <Loaded from={{ ...questions, data: found }} skeleton={<Skeleton height={180} count={2} />}>
          {(question) => <Details question={question} />}
        </Loaded>
      </div>
      <SlipAside />
    </div>
  );
}
