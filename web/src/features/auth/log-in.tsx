import { logIn } from "../../app/session";
import { t } from "../../i18n";
import { useTitle } from "../../lib/title";
import { AuthForm } from "./form";

/** 로그인 */
export default function LogIn() {
  useTitle(t().auth.logInTitle);
  return <AuthForm joining={false} send={logIn} />;
}
