const PATHS = {
  match: "M4 5h7v14H4zM13 5h7v14h-7zM7.5 9v6M16.5 9v6",
  slip: "M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6",
  trophy: "M7 4h10v5a5 5 0 0 1-10 0zM7 6H3v1a4 4 0 0 0 4 4M17 6h4v1a4 4 0 0 1-4 4M12 14v4M8 20h8",
  calendar: "M4 6h16v14H4zM4 10h16M8 3v4M16 3v4",
  team: "M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6z",
  admin:
    "M12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2",
  close: "M6 6l12 12M18 6L6 18",
  more: "M4 7h16M4 12h16M4 17h16",
  eye: "M2 12c3-5 6-7 10-7s7 2 10 7c-3 5-6 7-10 7s-7-2-10-7zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  check: "M4 12l5 5L20 6",
  back: "M15 5l-7 7 7 7",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4 21c0-4 3.5-6 8-6s8 2 8 6",
} as const;

export type IconName = keyof typeof PATHS;

/** A drawing next to words; it says nothing by itself. */
export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" aria-hidden="true">
      <path
        d={PATHS[name]}
        stroke="currentColor"
        stroke-width="1.8"
        stroke-linejoin="round"
        stroke-linecap="round"
      />
    </svg>
  );
}
