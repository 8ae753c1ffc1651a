import { ErrorBoundary, LocationProvider, Route, Router, lazy, useLocation } from "preact-iso";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Banners } from "../components/banners";
import { Footer } from "../components/footer";
import { Header } from "../components/header";
import { SlipSheet } from "../components/slip";
import { TabBar } from "../components/tab-bar";
import { Toaster } from "../components/toaster";
import Home from "../features/home/page";
import { NotFound } from "../features/not-found/page";
import { t } from "../i18n";
import { Crash } from "../components/crash";

const MatchPage = lazy(() => import("../features/match/page"));
const QuestionPage = lazy(() => import("../features/questions/page"));
const Bets = lazy(() => import("../features/bets/page"));
const Leaderboard = lazy(() => import("../features/leaderboard/page"));
const Schedule = lazy(() => import("../features/schedule/page"));
const Standings = lazy(() => import("../features/standings/page"));
const Teams = lazy(() => import("../features/teams/page"));
const TeamPage = lazy(() => import("../features/teams/team-page"));
const StatusPage = lazy(() => import("../features/status/page"));
const LogIn = lazy(() => import("../features/auth/log-in"));
const SignUp = lazy(() => import("../features/auth/sign-up"));
const AccountPage = lazy(() => import("../features/account/page"));
const Admin = lazy(() => import("../features/admin/page"));

/**
 * A new page is announced by moving the focus to it, but not on arrival. It moves along with the address: a moment later it
 * would be taken from who has begun to type.
 */
function useFocusOnArrival() {
  const main = useRef<HTMLElement>(null);
  const { path } = useLocation();
  const first = useRef(true);
  useLayoutEffect(() => {
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
  }, [path]);
  return main;
}

function Pages() {
  const main = useFocusOnArrival();
  return (
    <main id="main" class="page" tabIndex={-1} ref={main}>
      <ErrorBoundary>
        <Router>
          <Route path="/" component={Home} />
          <Route path="/matches/:matchId" component={MatchPage} />
          <Route path="/questions/:questionId" component={QuestionPage} />
          <Route path="/bets" component={Bets} />
          <Route path="/leaderboard" component={Leaderboard} />
          <Route path="/schedule" component={Schedule} />
          <Route path="/standings" component={Standings} />
          <Route path="/teams" component={Teams} />
          <Route path="/teams/:code" component={TeamPage} />
          <Route path="/status" component={StatusPage} />
          <Route path="/login" component={LogIn} />
          <Route path="/signup" component={SignUp} />
          <Route path="/account" component={AccountPage} />
          <Route path="/admin" component={Admin} />
          <Route default component={NotFound} />
        </Router>
      </ErrorBoundary>
    </main>
  );
}

export function App() {
  const [crashed, setCrashed] = useState(false);
  if (crashed) return <Crash />;
  return (
    <LocationProvider>
      <ErrorBoundary onError={() => setCrashed(true)}>
        <a class="skip" href="#main">
          {t().app.skip}
        </a>
        <Header />
        <Banners />
        <Pages />
        <Footer />
        <SlipSheet />
        <TabBar />
        <Toaster />
      </ErrorBoundary>
    </LocationProvider>
  );
}
