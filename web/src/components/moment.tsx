import { locale, t } from "../i18n";
import { type Style, kst, ownZone } from "../lib/time";

interface Props {
  iso: string;
  style: Style;
  /** Keep the hint from leaving the page on the right. */
  toLeft?: boolean;
  /** Inside a link or button the hint cannot take the focus of its own. */
  plain?: boolean;
}

/** A moment in Korean time; one's own zone on hover and focus, where it differs. */
export function Moment({ iso, style, toLeft, plain }: Props) {
  const text = kst(iso, style, locale());
  const own = ownZone(iso, locale());
  if (own === null || style === "day" || style === "date") return <time dateTime={iso}>{text}</time>;
  const hint = t().time.own(own);
  if (plain) {
    return (
      <time dateTime={iso} title={hint}>
        {text}
      </time>
    );
  }
  return (
    // Focusable so that the hint can be read without a mouse.
    <span class={toLeft ? "moment to-left" : "moment"} tabIndex={0}>
      <time dateTime={iso}>{text}</time> <span class="unit">{t().time.kst}</span>
      <span class="tip" role="tooltip">
        {hint}
      </span>
    </span>
  );
}
