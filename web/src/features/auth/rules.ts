/** The server's rules, applied early so that nobody waits for a no. The server has the last word. */
export function usernameFault(username: string): boolean {
  return !/^[A-Za-z0-9_\uAC00-\uD7A3]{3,20}$/u.test(username.normalize("NFC"));
}

export function passwordFault(password: string): boolean {
  const length = Array.from(password).length;
  return length < 8 || length > 128;
}

/** Where to go after logging in: only ever a page of this app. */
export function destination(to: string | undefined): string {
  if (to === undefined || !to.startsWith("/") || to.startsWith("//") || to.includes("\\")) return "/";
  return /^\/(login|signup)(\/|\?|$)/.test(to) ? "/" : to;
}
