import { useRef } from "preact/hooks";
import { Unanswered } from "../../api/errors";
import { signUp } from "../../app/session";
import { t } from "../../i18n";
import { useTitle } from "../../lib/title";
import { AuthForm } from "./form";

/** 회원가입 */
export default function SignUp() {
  useTitle(t().auth.signUpTitle);
  // The key of a sign-up whose answer was lost: sent again, it cannot be refused as taken by oneself.
  const lost = useRef<{ username: string; key: string } | null>(null);
  const send = async (username: string, password: string): Promise<void> => {
    const again = lost.current?.username === username ? lost.current : null;
    const attempt = again ?? { username, key: crypto.randomUUID() };
    try {
      await signUp(username, password, attempt.key);
    } catch (error) {
      lost.current = error instanceof Unanswered ? attempt : null;
      throw error;
    }
  };
  return <AuthForm joining send={send} />;
}
