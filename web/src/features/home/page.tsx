import { useLocation } from "preact-iso";
import { useEffect, useState } from "preact/hooks";
import { phase } from "../../app/session";
import { onMarket } from "../../app/markets";
import { useResource } from "../../app/resource";
import { useTournaments } from "../../app/tournaments";
import { useWatched } from "../../app/watch";
import { DayCards, DayRows } from "../../components/day-list";
import { MatchCard } from "../../components/match-card";
import { SlipAside } from "../../components/slip";
import { Empty, Loaded, Skeleton } from "../../components/states";
import { t } from "../../i18n";
import { useTitle } from "../../lib/title";
import { type HomeData, loadHome } from "./data";
import { SeasonBets } from "./season-bets";
import { WeekPicker, WeekView } from "./weeks";
import { LiveMark } from "./live-mark";

const SHOWN = 6;
const RESULTS = 6;
const CARD = 248;

function Welcome() {
  const words = t().home;
  if (phase.value !== "out") return null;
  return (
    <section class="welcome">
      <div>
        <p class="welcome-line">{t().app.tagline}</p>
        <p>{words.welcome}</p>
      </div>
      <a class="button primary" href="/signup">
        {words.join}
      </a>
    </section>
  );
}

function Sections({ data }: { data: HomeData }) {
  const words = t().home;
  const [all, setAll] = useState(false);
  const upcoming = all ? data.upcoming : data.upcoming.slice(0, SHOWN);
  useWatched([...data.live, ...upcoming].map((match) => match.matchId));
  if (data.live.length + data.upcoming.length + data.finished.length === 0) {
    return (
      <Empty title={words.emptyTitle} text={words.emptyText} icon="calendar">
        <a class="button" href="/schedule">
          {words.seeSchedule}
        </a>
      </Empty>
    );
  }
  return (
    <div class="stack loose">
      {data.live.length > 0 && (
        <section>
          <div class="section-head">
            <h2>{words.live}</h2>
          </div>
          <div class="match-grid live">
            {data.live.map((match) => (
              <MatchCard key={match.matchId} match={match} />
            ))}
          </div>
        </section>
      )}
      {upcoming.length > 0 && (
        <section>
          <div class="section-head">
            <h2>{words.upcoming}</h2>
            <LiveMark />
          </div>
          <DayCards matches={upcoming} />
          {!all && data.upcoming.length > SHOWN && (
            <p class="more">
              <button type="button" class="button" onClick={() => setAll(true)}>
                {t().state.more}
              </button>
            </p>
          )}
        </section>
      )}
      {data.finished.length > 0 && (
        <section>
          <div class="section-head">
            <h2>{words.finished}</h2>
            <a class="end small" href="/schedule">
              {words.seeSchedule}
            </a>
          </div>
          <DayRows matches={data.finished.slice(0, RESULTS)} withBlock />
        </section>
      )}
    </div>
  );
}

function Today() {
  const home = useResource("home", loadHome, { every: 20_000 });
  const { reload } = home;
  // A market that locks or settles means that its match began or ended.
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = onMarket((market, before) => {
      if (!before || before.state === market.state) return;
      clearTimeout(timer);
      timer = setTimeout(reload, 400);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [reload]);
  const skeleton = (
    <div class="match-grid">
      <Skeleton height={CARD} count={6} />
    </div>
  );
  return (
    <Loaded from={home} skeleton={skeleton}>
      {(data) => <Sections data={data} />}
    </Loaded>
  );
}

/** 경기: what can be bet on, live. */
export default function Home() {
  const { query } = useLocation();
  const tournaments = useTournaments();
  const week = query.week;
  useTitle("");
  return (
    <div class="with-slip">
      <div class="stack">
        <h1 class="hidden">{t().home.title}</h1>
        <Welcome />
        <WeekPicker tournaments={tournaments.data} week={week} />
        {week === undefined ? <Today /> : <WeekView tournaments={tournaments.data} week={week} />}
        {week === undefined && <SeasonBets tournaments={tournaments.data} />}
      </div>
      <SlipAside />
    </div>
  );
}
