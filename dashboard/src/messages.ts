// Words and numbers in the language of the page.

const ENGLISH = {
  title: "Statistics",
  period: "Period",
  today: "Today",
  yesterday: "Yesterday",
  "7d": "Last 7 days",
  "28d": "Last 28 days",
  "90d": "Last 90 days",
  "12mo": "Last 12 months",
  visitors: "Visitors",
  visits: "Visits",
  pageviews: "Page views",
  bounce_rate: "Bounce rate",
  orders: "Orders",
  revenue: "Revenue",
  over_time: "Visits over time",
  top_pages: "Top pages",
  page: "Page",
  time: "Time",
  no_page: "(no page)",
  compared: "compared with the period before",
  loading: "Loading…",
  empty: "There were no visits in this period.",
  empty_hint: "Figures appear here within seconds of the first visit.",
  failed: "The statistics could not be loaded.",
  again: "Try again",
  signed_out: "You are no longer connected. Reload the page to connect again.",
  reload: "Reload the page",
};

type Key = keyof typeof ENGLISH;

const FRENCH: Record<Key, string> = {
  title: "Statistiques",
  period: "Période",
  today: "Aujourd’hui",
  yesterday: "Hier",
  "7d": "7 derniers jours",
  "28d": "28 derniers jours",
  "90d": "90 derniers jours",
  "12mo": "12 derniers mois",
  visitors: "Visiteurs",
  visits: "Visites",
  pageviews: "Pages vues",
  bounce_rate: "Taux de rebond",
  orders: "Commandes",
  revenue: "Chiffre d’affaires",
  over_time: "Visites dans le temps",
  top_pages: "Pages les plus vues",
  page: "Page",
  time: "Date",
  no_page: "(sans page)",
  compared: "par rapport à la période précédente",
  loading: "Chargement…",
  empty: "Aucune visite pendant cette période.",
  empty_hint: "Les chiffres apparaissent ici quelques secondes après la première visite.",
  failed: "Les statistiques n’ont pas pu être chargées.",
  again: "Réessayer",
  signed_out: "Vous n’êtes plus connecté. Rechargez la page pour vous reconnecter.",
  reload: "Recharger la page",
};

export type { Key };

export class Language {
  readonly code: "en" | "fr";

  constructor(wanted: string) {
    this.code = wanted.toLowerCase().startsWith("fr") ? "fr" : "en";
  }

  say(key: Key): string {
    return (this.code === "fr" ? FRENCH : ENGLISH)[key];
  }

  count(value: number | null): string {
    return this.number(value, { maximumFractionDigits: 0 });
  }

  percent(value: number | null): string {
    return this.number(value, { style: "percent", maximumFractionDigits: 1 });
  }

  change(value: number): string {
    const digits = Math.abs(value) < 0.1 ? 1 : 0;
    return this.number(value, { style: "percent", maximumFractionDigits: digits, signDisplay: "exceptZero" });
  }

  /** An amount as the server tells it, a text with the currency's own digits. */
  money(amount: string | null, currency: string): string {
    const value = amount === null ? NaN : Number(amount);
    if (!Number.isFinite(value)) return "–";
    if (!/^[A-Z]{3}$/.test(currency)) return this.number(value, {});
    return this.number(value, { style: "currency", currency });
  }

  /** The beginning of an hour, day or month, as a clock on the wall of the site tells it. */
  moment(time: string): string {
    const parts = /^(\d{4})-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d))?)?/.exec(time);
    if (!parts) return time;
    const [, year, month, day, hour, minute] = parts.map(Number) as number[];
    const date = new Date(Date.UTC(year!, month! - 1, day || 1, hour || 0, minute || 0));
    const options: Intl.DateTimeFormatOptions = { timeZone: "UTC" };
    if (parts[4] !== undefined) Object.assign(options, { hour: "2-digit", minute: "2-digit" });
    else if (this.isMonths) Object.assign(options, { month: "short", year: "numeric" });
    else Object.assign(options, { day: "numeric", month: "short" });
    return new Intl.DateTimeFormat(this.code, options).format(date);
  }

  /** Whether moments are months, which the server tells by their first days. */
  isMonths = false;

  private number(value: number | null, options: Intl.NumberFormatOptions): string {
    return value === null ? "–" : new Intl.NumberFormat(this.code, options).format(value);
  }
}
