import { useEffect, useRef, useState } from "preact/hooks";
import { api, data } from "../../api/client";
import type { Hello } from "../../api/types";
import { useAction } from "./act";
import { Confirm } from "./confirm";
import { words } from "./words";

const SERVICES = ["account", "league", "betting", "gateway"] as const;
type Service = (typeof SERVICES)[number];
const KEPT = 60;
const EVERY = 1000;
/** Colours for pods, in the order they are met; told apart in both themes. */
const COLOURS = ["#3b82f6", "#e8890c", "#12a150", "#c026d3", "#dc2626", "#0e9aa7"];

interface Answer {
  id: number;
  pod: string | null;
}

function colourOf(pods: readonly string[], pod: string): string {
  return COLOURS[pods.indexOf(pod) % COLOURS.length] ?? "";
}

/** Asks a service once a second while watching. */
function useAnswers(service: Service, watching: boolean): { answers: Answer[]; last: Hello | null } {
  const [answers, setAnswers] = useState<Answer[]>([]);
  const [last, setLast] = useState<Hello | null>(null);
  const count = useRef(0);
  useEffect(() => {
    let stopped = false;
    const ask = async (): Promise<void> => {
      let pod: string | null = null;
      try {
        const hello = await data(api.GET("/api/{service}/hello", { params: { path: { service } } }));
        pod = hello.instance;
        if (!stopped) setLast(hello);
      } catch {
        // No answer is an answer here: it shows in the strip.
      }
      count.current += 1;
      const answer = { id: count.current, pod };
      if (!stopped) setAnswers((before) => [...before, answer].slice(-KEPT));
    };
    void ask();
    const timer = watching ? setInterval(() => void ask(), EVERY) : undefined;
    return () => {
      stopped = true;
      clearInterval(timer);
    };
  }, [service, watching]);
  return { answers, last };
}

function Strip({ service, answers }: { service: Service; answers: readonly Answer[] }) {
  const pods = [...new Set(answers.map((answer) => answer.pod).filter((pod) => pod !== null))].sort();
  const failed = answers.filter((answer) => answer.pod === null).length;
  return (
    <div class="stack strip-block">
      <div class="strip" role="img" aria-label={words().strip(service, answers.length - failed, failed)}>
        {answers.map(({ id, pod }) => (
          <i
            key={id}
            class={pod === null ? "failed" : ""}
            style={{ background: pod === null ? "" : colourOf(pods, pod) }}
          />
        ))}
      </div>
      <ul class="pods">
        {pods.map((pod) => (
          <li key={pod}>
            <i style={{ background: colourOf(pods, pod) }} />
            {pod} <b class="num">{answers.filter((answer) => answer.pod === pod).length}</b>
          </li>
        ))}
        {failed > 0 && (
          <li class="bad">
            {words().noAnswer} <b class="num">{failed}</b>
          </li>
        )}
      </ul>
    </div>
  );
}

function State({ hello }: { hello: Hello | null }) {
  if (!hello) return <span class="tag bad">{words().noAnswer}</span>;
  if (!hello.live) return <span class="tag bad">{words().dead}</span>;
  return hello.ready ? (
    <span class="tag good">{words().ready}</span>
  ) : (
    <span class="tag">{words().notReady}</span>
  );
}

function ServicePanel({ service, watching }: { service: Service; watching: boolean }) {
  const { answers, last } = useAnswers(service, watching);
  const [said, setSaid] = useState("");
  const [asking, setAsking] = useState(false);
  const { working, act } = useAction();
  const name = words().services[service];
  const params = { path: { service } };
  const block = (): Promise<boolean> =>
    act(words().block, async () => {
      const done = await data(
        api.POST("/api/{service}/block", { params: { ...params, query: { seconds: 15 } } }),
      );
      setSaid(words().blocked(done.instance, done.seconds));
    });
  const turnOff = async (): Promise<void> => {
    await act(words().turnOff, async () => {
      const done = await data(api.POST("/api/{service}/turnoff", { params }));
      setSaid(words().turnedOff(done.instance));
    });
    setAsking(false);
  };
  return (
    <section class="panel padded stack" aria-label={name} data-service={service}>
      <div class="section-head">
        <h2>{name}</h2>
        <State hello={last} />
        {last && <span class="small muted end num">{words().uptime(last.uptimeSeconds)}</span>}
      </div>
      <Strip service={service} answers={answers} />
      <div class="chips wrap">
        <button type="button" class="button small" disabled={working} onClick={block}>
          {words().block}
        </button>
        <button type="button" class="button small danger" disabled={working} onClick={() => setAsking(true)}>
          {words().turnOff}
        </button>
      </div>
      <p class="small muted" role="status">
        {said}
      </p>
      {asking && (
        <Confirm
          title={words().turnOff}
          working={working}
          onClose={() => setAsking(false)}
          onConfirm={turnOff}
        >
          <p>{words().turnOffText(name)}</p>
        </Confirm>
      )}
    </section>
  );
}

/** The experiments of 2022: which pod answers, take one out of traffic, break one. */
export function Experiments() {
  const [watching, setWatching] = useState(false);
  return (
    <div class="stack">
      <div class="section-head">
        <button type="button" class="button" aria-pressed={watching} onClick={() => setWatching(!watching)}>
          {watching ? words().stop : words().watch}
        </button>
        <p class="small muted">{words().watchText}</p>
      </div>
      <div class="match-grid">
        {SERVICES.map((service) => (
          <ServicePanel key={service} service={service} watching={watching} />
        ))}
      </div>
    </div>
  );
}
