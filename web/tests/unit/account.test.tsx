import { render, screen, waitFor } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { LocationProvider } from "preact-iso";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { setAuthority } from "../../src/api/client";
import { account, phase, restore } from "../../src/app/session";
import AccountPage from "../../src/features/account/page";
import { Accounts } from "../../src/features/admin/accounts";
import { Server, account as someone, json, problem } from "./make";

let server: Server;
const me = someone({ role: "admin" });

beforeEach(async () => {
  server = new Server();
  vi.stubGlobal("fetch", server.fetch);
  localStorage.clear();
  await restore({ tell: () => undefined, listen: () => undefined, alone: (work) => work() });
  setAuthority({ token: () => Promise.resolve("mine"), renew: () => Promise.resolve(null) });
  account.value = me;
  phase.value = "in";
});

afterEach(() => vi.unstubAllGlobals());

const page = () =>
  render(
    <LocationProvider>
      <AccountPage />
    </LocationProvider>,
  );

async function change(current: string, next: string): Promise<void> {
  await userEvent.type(screen.getByLabelText("지금 비밀번호"), current);
  await userEvent.type(screen.getByLabelText("새 비밀번호"), next);
  await userEvent.click(screen.getByRole("button", { name: "비밀번호 바꾸기" }));
}

describe("one's own account", () => {
  it("says that the present password is another, at the field, which gets the focus", async () => {
    const errors = [{ field: "currentPassword", message: "is not the account's password" }];
    server.on("POST /api/account/password", () => problem(400, "password_wrong", { errors }));
    page();
    await change("wrong horse", "battery staple");
    await waitFor(() => expect(screen.getByText("지금 비밀번호가 맞지 않습니다.")).toBeTruthy());
    await waitFor(() => expect(document.activeElement).toBe(screen.getByLabelText("지금 비밀번호")));
    expect(phase.value).toBe("in");
  });

  it("asks nothing of the server for a password that cannot be", async () => {
    page();
    await change("correct horse", "short");
    expect(screen.getByText("비밀번호는 8자 이상 128자 이하여야 합니다.")).toBeTruthy();
    expect(server.asked).toHaveLength(0);
  });

  it("goes on with the session that a change opens, and forgets what was typed", async () => {
    server.on("POST /api/account/password", () =>
      json({ account: me, accessToken: "fresh", expiresIn: 900 }),
    );
    page();
    await change("correct horse", "battery staple");
    const field = screen.getByLabelText<HTMLInputElement>("새 비밀번호");
    await waitFor(() => expect(field.value).toBe(""));
    expect(await server.asked[0]?.json()).toEqual({
      currentPassword: "correct horse",
      newPassword: "battery staple",
    });
    expect(phase.value).toBe("in");
  });

  it("ends all other sessions and stays", async () => {
    server.on("POST /api/account/sessions/end", () => json({ ended: 2 }));
    page();
    await userEvent.click(screen.getByRole("button", { name: "다른 기기에서 로그아웃" }));
    await waitFor(() => expect(server.to("/api/account/sessions/end")).toHaveLength(1));
    expect(phase.value).toBe("in");
  });
});

describe("the admin's desk", () => {
  const who = someone({ username: "말썽꾼" });
  const managed = (disabledAt: string | null) => json({ account: who, disabledAt, openSessions: 1 });

  it("keeps an account out once it is confirmed, and lets it in", async () => {
    const path = `/api/account/users/${who.accountId}`;
    server.on("GET /api/account/users", () => managed(null));
    server.on(`POST ${path}/disable`, () => managed("2026-11-25T10:00:00Z"));
    server.on(`POST ${path}/enable`, () => managed(null));
    render(<Accounts />);
    await userEvent.type(screen.getByRole("searchbox"), "말썽꾼{Enter}");
    await userEvent.click(await screen.findByRole("button", { name: "이용 막기" }));
    expect(server.to(`${path}/disable`)).toHaveLength(0);
    await userEvent.click(screen.getByRole("button", { name: "확인하고 실행", hidden: true }));
    await userEvent.click(await screen.findByRole("button", { name: "이용 풀기" }));
    await screen.findByRole("button", { name: "이용 막기" });
    expect(server.to(`${path}/enable`)).toHaveLength(1);
  });

  it("offers nobody to keep oneself out", async () => {
    server.on("GET /api/account/users", () => json({ account: me, disabledAt: null, openSessions: 1 }));
    render(<Accounts />);
    await userEvent.type(screen.getByRole("searchbox"), `${me.username}{Enter}`);
    await screen.findByRole("button", { name: "모든 기기에서 로그아웃시키기" });
    expect(screen.queryByRole("button", { name: "이용 막기" })).toBeNull();
  });
});
