import { language } from "../../i18n";
import { adminEn } from "../../i18n/admin.en";
import { adminKo } from "../../i18n/admin.ko";

/** The texts of the admin pages. */
export function words(): typeof adminEn {
  return language.value === "ko" ? adminKo : adminEn;
}
