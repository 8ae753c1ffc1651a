import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface Props {
  label: string;
  class?: string;
  onClose: () => void;
  children: ComponentChildren;
}

/** A modal dialog: the browser keeps the focus inside and gives it back. */
export function Dialog({ label, class: name = "dialog", onClose, children }: Props) {
  const element = useRef<HTMLDialogElement>(null);
  const shown = useRef(true);
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => {
      // Closing from here is the page's own doing: nobody has to hear of it.
      shown.current = false;
      dialog?.close();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class={name}
      aria-label={label}
      onClose={() => shown.current && onClose()}
      onClick={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
    >
      {children}
    </dialog>
  );
}
