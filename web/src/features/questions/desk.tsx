import type { FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";
import { isAdmin } from "../../app/session";
import { Market } from "../../components/market";
import type { About } from "../../components/market-words";

type Props = About & { id: string };

function Panel(props: Props) {
  return (
    <div class="panel padded">
      <Market {...props} />
    </div>
  );
}

/** A market as one sees it: an admin with what can be done about it, which nobody else loads. */
export function useDesk(): FunctionComponent<Props> {
  const [desk, setDesk] = useState<FunctionComponent<Props> | null>(null);
  const admin = isAdmin.value;
  useEffect(() => {
    if (admin) void import("../admin/market-desk").then(({ MarketDesk }) => setDesk(() => MarketDesk));
  }, [admin]);
  return admin && desk ? desk : Panel;
}
