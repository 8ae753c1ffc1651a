/** The tests need a running LOL.JOA; without one they do not start. */
export default async function setup(): Promise<void> {
  const url = process.env.LOLJOA_URL;
  if (!url) throw new Error("LOLJOA_URL says where LOL.JOA runs, such as http://127.0.0.1:8080");
  if (!process.env.LOLJOA_ADMIN_PASSWORD) {
    throw new Error("LOLJOA_ADMIN_PASSWORD is the admin's password, as `loljoa up` prints it");
  }
  const answer = await fetch(new URL("/api/league/tournaments", url));
  if (!answer.ok) throw new Error(`${url} does not answer: ${answer.status}`);
}
