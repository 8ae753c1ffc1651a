import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { cookieApi, data } from "../../api/client";
import type { AuditStatus, PartStatus, SystemStatus } from "../../api/types";
import { now } from "../../app/clock";
import { useResource } from "../../app/resource";
import { Moment } from "../../components/moment";
import { t } from "../../i18n";
import { points } from "../../lib/format";
import { useTitle } from "../../lib/title";
import { duration, isOld, ratePerSecond } from "./words";
import "./status.css";

const EVERY = 5_000;
const PARTS = ["betting", "account", "leagueSchedule"] as const;

/** Asked without a token, so that it is told also while nobody can log in. */
const load = (): Promise<SystemStatus> => data(cookieApi.GET("/api/status"));

/** What was read; `undefined` while nothing was, and null where the system itself does not know. */
type Known<T> = T | null | undefined;

interface FigureProps {
  title: string;
  value: Known<string>;
  unit: string;
  more: ComponentChildren;
  text: string;
  tone?: "good" | "bad" | "";
}

/** A number and what it means. It takes the same room whatever is known. */
function Figure({ title, value, unit, more, text, tone = "" }: FigureProps) {
  return (
    <section class="panel padded figure">
      <h2>{title}</h2>
      <p class="figure-value">
        {value === undefined ? (
          <span class="skeleton figure-wait" aria-hidden="true" />
        ) : (
          <>
            <b class={`num ${tone}`}>{value ?? "–"}</b> <span class="muted">{unit}</span>
          </>
        )}
      </p>
      <p class="figure-more small">{more}</p>
      <p class="muted small">{text}</p>
    </section>
  );
}

function Audit({ title, text, audit }: { title: string; text: string; audit: Known<AuditStatus> }) {
  const words = t().status;
  const age = audit?.ageSeconds;
  const more =
    audit == null
      ? audit === null && words.unknown
      : age == null
        ? words.neverAudited
        : words.audited(duration(age));
  const tone = audit ? (audit.differences === 0 ? "good" : "bad") : "";
  return (
    <Figure
      title={title}
      value={audit && points(audit.differences)}
      unit={words.differences(audit?.differences ?? 0)}
      more={more}
      text={text}
      tone={tone}
    />
  );
}

function Bets({ status }: { status: SystemStatus | undefined }) {
  const words = t().status;
  const bets = status && (status.bets ?? null);
  const unknown = bets === null && words.unknown;
  return (
    <>
      <Figure
        title={words.rate}
        value={bets && ratePerSecond(bets.perSecond)}
        unit={words.rateUnit}
        more={bets ? words.rateMore(points(bets.lastMinute)) : unknown}
        text={words.rateText}
      />
      <Figure
        title={words.day}
        value={bets && points(bets.count)}
        unit={words.dayUnit(bets?.count ?? 0)}
        more={
          bets ? (
            <>
              {words.daySince} <Moment iso={bets.since} style="dateTime" />
            </>
          ) : (
            unknown
          )
        }
        text={words.dayText}
      />
    </>
  );
}

function Settlement({ status }: { status: SystemStatus | undefined }) {
  const words = t().status;
  const lag = status && (status.settlement ?? null);
  const more = lag
    ? lag.markets === 0
      ? words.settlementNone
      : words.settlementOldest(duration(lag.oldestSeconds))
    : lag === null && words.unknown;
  return (
    <Figure
      title={words.settlement}
      value={lag && points(lag.markets)}
      unit={words.settlementUnit(lag?.markets ?? 0)}
      more={more}
      text={words.settlementText}
    />
  );
}

function answer(part: PartStatus): { text: string; tone: string } {
  const words = t().status;
  if (part.answering >= part.cells) return { text: words.answers, tone: "good" };
  return { text: part.answering === 0 ? words.silent : words.partly, tone: "bad" };
}

function Parts({ status }: { status: SystemStatus | undefined }) {
  const words = t().status;
  const partly = status && PARTS.some((name) => answer(status.parts[name]).text === words.partly);
  return (
    <section class="panel padded">
      <h2>{words.parts}</h2>
      <ul class="status-parts">
        {PARTS.map((name) => {
          const said = status && answer(status.parts[name]);
          return (
            <li key={name}>
              {words.part[name]}
              {said ? (
                <span class={`tag ${said.tone}`}>{said.text}</span>
              ) : (
                <span class="skeleton part-wait" aria-hidden="true" />
              )}
            </li>
          );
        })}
      </ul>
      {partly && <p class="muted small">{words.partial}</p>}
    </section>
  );
}

interface OverallProps {
  status: SystemStatus | undefined;
  failed: boolean;
  retry: () => void;
}

function Overall({ status, failed, retry }: OverallProps) {
  const words = t().status;
  const age = status && Math.max(0, Math.round((now.value - Date.parse(status.measuredAt)) / 1000));
  const old = failed || (age !== undefined && isOld(age));
  const known = words.reason as Partial<Record<string, string>>;
  const told = age === undefined ? failed && words.none : (failed ? words.stale : words.asOf)(duration(age));
  return (
    <section class="panel padded overall" data-state={status?.state} aria-label={words.overall}>
      <div class="overall-words" role="status">
        {status ? (
          <>
            <h2>{words.state[status.state]}</h2>
            <p>{words.stateText[status.state]}</p>
            {status.reasons.length > 0 && (
              <ul aria-label={words.reasons}>
                {status.reasons.map((reason) => (
                  <li key={reason}>{known[reason] ?? words.other}</li>
                ))}
              </ul>
            )}
          </>
        ) : (
          <>
            <h2>{failed ? t().state.errorTitle : t().state.loading}</h2>
            <p>{failed && t().state.errorText}</p>
          </>
        )}
      </div>
      <div class="overall-age">
        <span class={old ? "bad small" : "muted small"}>{told}</span>
        {failed && (
          <button type="button" class="button" onClick={retry}>
            {t().state.retry}
          </button>
        )}
      </div>
    </section>
  );
}

/** 서비스 상태: what operators see, for everybody. */
export default function StatusPage() {
  const words = t().status;
  const { data: status, error, reload } = useResource("status", load, { every: EVERY });
  useTitle(words.title);
  useEffect(() => {
    const seen = (): void => {
      if (document.visibilityState === "visible") reload();
    };
    document.addEventListener("visibilitychange", seen);
    return () => document.removeEventListener("visibilitychange", seen);
  }, [reload]);
  const audits = status?.audits;
  return (
    <div class="stack narrow-page">
      <div class="page-head">
        <div>
          <h1>{words.title}</h1>
          <p class="muted">{words.subtitle}</p>
        </div>
      </div>
      <Overall status={status} failed={error != null} retry={reload} />
      <div class="figures">
        <Bets status={status} />
        <Settlement status={status} />
        <Audit title={words.betsAudit} text={words.betsAuditText} audit={audits && (audits.bets ?? null)} />
        <Audit
          title={words.pointsAudit}
          text={words.pointsAuditText}
          audit={audits && (audits.points ?? null)}
        />
        <Parts status={status} />
      </div>
      <section class="panel padded">
        <h2>{words.whyTitle}</h2>
        <p>{words.why}</p>
      </section>
    </div>
  );
}
