import { render } from "preact";
import { setAuthority, setListener } from "./api/client";
import { App } from "./app/app";
import { noteDateHeader, startClock } from "./app/clock";
import { reachable, watchConnection } from "./app/connection";
import { startLive } from "./app/live";
import { accessToken, renew, restore } from "./app/session";
import { browserTabs } from "./app/tabs";
import "./styles/index.css";

setAuthority({ token: accessToken, renew });
setListener({
  answered: (response, sentAt) => {
    reachable.value = true;
    noteDateHeader(response, sentAt);
  },
  unanswered: () => (reachable.value = false),
});
watchConnection();
startClock();
startLive();
void restore(browserTabs());

const root = document.getElementById("app");
if (root) render(<App />, root);
