import { dismiss, notices } from "../app/notices";
import { t } from "../i18n";
import { Icon } from "./icon";

export function Toaster() {
  return (
    <section class="toasts" aria-label={t().notice.region} aria-live="polite">
      {notices.value.map((notice) => (
        <div key={notice.id} class={`toast ${notice.tone}`}>
          <div>
            <strong>{notice.href === null ? notice.title : <a href={notice.href}>{notice.title}</a>}</strong>
            <span class="small">{notice.text}</span>
          </div>
          <button
            type="button"
            class="icon-button"
            aria-label={t().notice.dismiss}
            onClick={() => dismiss(notice.id)}
          >
            <Icon name="close" size={16} />
          </button>
        </div>
      ))}
    </section>
  );
}
