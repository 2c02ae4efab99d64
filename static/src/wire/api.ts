/** What the server sends: the manifest, frames, venues and cards. Nothing here draws or words anything. */
import { unpackGeometry, type HexagonGeometry } from "./geometry";

export interface BinInfo {
  start: string;
  end: string;
  frame: string;
  venues: string | null;
  interval: string | null;
  revised: boolean;
}

export interface Manifest {
  layer: "public" | "group";
  resolution: number;
  area: { digest: string; url: string } | null;
  venues: { digest: string; url: string } | null;
  bins: BinInfo[];
  window: { url: string; venues_url?: string; bins: string[] } | null;
  density: { steps: number[]; codes: number[] };
  observed_at: string | null;
  /** Venues that are unusual in the newest picture, by id. */
  unusual?: Record<string, Unusual>;
  stale_after_minutes: number;
  old_after_minutes?: number;
  timezone: string;
}

/** Against the same hour of past weeks; says nothing of how full it is. */
export type Unusual = "busier" | "quieter";

/** A venue that has a place on the map. */
export type PlacedVenue = Venue & { longitude: number; latitude: number };

export function hasPlace(venue: Venue): venue is PlacedVenue {
  return venue.longitude !== null && venue.latitude !== null;
}

export type StatusColour = "green" | "yellow" | "red" | "grey";

export interface Venue {
  id: string;
  name: Partial<Record<string, string | null>> | string;
  category: string;
  category_label?: string;
  /** Null for a venue whose place is not known: it is in the list only. */
  longitude: number | null;
  latitude: number | null;
  district?: string | null;
  address?: string | null;
  status: { colour: StatusColour; word: string };
  url?: string;
}

export class RequestRefused extends Error {
  constructor(readonly statusCode: number) {
    super(`the server answered ${statusCode}`);
  }
}

async function request(url: string, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(url, { credentials: "same-origin", ...(signal ? { signal } : {}) });
  if (!response.ok) throw new RequestRefused(response.status);
  return response;
}

export async function fetchJson<T>(url: string, signal?: AbortSignal): Promise<T> {
  return (await (await request(url, signal)).json()) as T;
}

export async function fetchBytes(url: string): Promise<Uint8Array> {
  return new Uint8Array(await (await request(url)).arrayBuffer());
}

export async function fetchGeometry(url: string): Promise<HexagonGeometry> {
  return unpackGeometry(await (await request(url)).arrayBuffer());
}

export async function fetchVenues(url: string): Promise<Venue[]> {
  return (await fetchJson<{ venues: Venue[] }>(url)).venues;
}
