import { stream } from "../../app/live";
import { t } from "../../i18n";

/** Says whether the odds on this page are live. */
export function LiveMark() {
  const words = t().link;
  const link = stream.link.value;
  if (link === "open") {
    return (
      <span class="tag good" title={words.liveLabel} data-link="open">
        <span class="dot" />
        {words.live}
      </span>
    );
  }
  return (
    <span class="tag" data-link={link}>
      {link === "reconnecting" ? words.waiting : t().state.loading}
    </span>
  );
}
