import type { ComponentChildren } from "preact";
import { inWords } from "../app/refusals";
import { t } from "../i18n";
import { Icon, type IconName } from "./icon";

interface EmptyProps {
  title: string;
  text?: string;
  icon?: IconName;
  children?: ComponentChildren;
}

export function Empty({ title, text, icon = "match", children }: EmptyProps) {
  return (
    <div class="empty panel">
      <Icon name={icon} size={40} />
      <h2>{title}</h2>
      {text !== undefined && <p>{text}</p>}
      {children}
    </div>
  );
}

export function Failure({ error, retry }: { error: unknown; retry: () => void }) {
  const words = t().state;
  return (
    <div role="alert">
      <Empty title={words.errorTitle} text={inWords(error)}>
        <button type="button" class="button" onClick={retry}>
          {words.retry}
        </button>
      </Empty>
    </div>
  );
}

/** Takes the place of what is coming, in its size. */
export function Skeleton({ height, count = 1 }: { height: number; count?: number }) {
  return (
    <>
      <span class="hidden" role="status">
        {t().state.loading}
      </span>
      {Array.from({ length: count }, (_, index) => (
        <div key={index} class="skeleton" aria-hidden="true" style={{ height: `${height}px` }} />
      ))}
    </>
  );
}

interface LoadedProps<T> {
  from: { data: T | undefined; error: unknown; reload: () => void };
  skeleton: ComponentChildren;
  children: (data: T) => ComponentChildren;
}

/** Data, or the state of waiting for it. Old data is better than an error. */
export function Loaded<T>({ from, skeleton, children }: LoadedProps<T>) {
  if (from.data !== undefined) return <>{children(from.data)}</>;
  return from.error == null ? <>{skeleton}</> : <Failure error={from.error} retry={from.reload} />;
}
