/** What travels between the hub and its two faces: shapes for the type checker, never sent to a browser. */

interface By {
  kind: 'customer' | 'agent' | 'bot' | 'system';
  name: string;
  id?: string;
}

interface Span {
  kind: 'bold' | 'italic' | 'underline' | 'strike' | 'code' | 'pre' | 'quote' | 'spoiler' | 'link' | 'mention';
  start: number;
  end: number;
  url?: string;
}

interface Option { id: string; text: string; url?: string }

interface MediaPart {
  type: 'media';
  kind: 'image' | 'voice' | 'audio' | 'video' | 'file' | 'sticker';
  file?: string | null;
  name?: string;
  mime?: string;
  size?: number | null;
  width?: number | null;
  height?: number | null;
  seconds?: number | null;
  alt?: string;
  url?: string;
}

interface FormField {
  name: string;
  label: string;
  kind?: 'text' | 'email' | 'phone' | 'number' | 'choice' | 'multiline' | 'rating';
  required?: boolean;
  options?: Option[];
  value?: string | null;
}

type Part =
  | { type: 'text'; text: string; spans?: Span[] }
  | MediaPart
  | { type: 'location'; latitude: number; longitude: number; title?: string; address?: string }
  | { type: 'contact'; name: string; phone?: string; email?: string }
  | { type: 'choices'; text: string; options: Option[] }
  | { type: 'choice'; id: string; text?: string }
  | { type: 'card'; title: string; text?: string; image?: MediaPart | null; url?: string; options?: Option[] }
  | { type: 'form'; title?: string; fields: FormField[]; submitted?: boolean }
  | { type: 'event'; kind: string; data?: string }
  | { type: 'unsupported'; kind: string; text?: string };

/** Of a `status` entry: what became of a delivery. Of an `assigned` one: who has the conversation now. */
interface Facts {
  state?: string;
  target?: string;
  reason?: string;
  delivery?: string;
  agent?: string;
  name?: string;
  team?: string;
  what?: string;
  level?: number;
  add?: string[];
  remove?: string[];
  album?: string;
  tags?: string[];
  until?: string | null;
  rating?: number;
  side?: 'in' | 'out';
  language?: string;
  from?: string;
  on?: boolean;
  into?: string;
  seen_in?: string;
  via?: { conversation: string; channel: string };
}

interface Merged { id: string; channel: string; preview: string; merged_n: number; last_at: string }

interface Ev {
  t: 'ev';
  s: number;
  c: string;
  n: number;
  k: 'message' | 'note' | 'edit' | 'delete' | 'status' | 'assigned' | 'resolved' | 'reopened' | 'event' | 'changed';
  by: By;
  at: string;
  id?: string;
  d: { mid: string; parts?: Part[]; of?: string; reply?: string; album?: string; original?: { language: string; parts: Part[] }; data?: Facts };
}

interface Frame {
  t: string;
  [field: string]: any;
}

interface Welcome extends Frame {
  t: 'welcome';
  me: string;
  epoch: string;
  head: number;
  from: number;
  resumed: boolean;
  hb?: number;
  lp?: number;
  read?: number;
  seen?: number;
  cfg: { title?: string; greeting?: string; lang?: string; online?: boolean; accent?: string; position?: string; form?: Extract<Part, { type: 'form' }>; opens?: string; preview?: boolean; transcript?: boolean };
}

/** What a customer said and the hub has not yet confirmed. */
interface Pending {
  id: string;
  at: string;
  d: { text?: string; files?: string[]; choice?: { id: string; text: string; of?: string }; form?: { title?: string; fields: FormField[] } };
  parts: Part[];
  failed?: string;
}

/** What an agent said and the hub has not yet confirmed. */
interface Unsent {
  id: string;
  at: string;
  c: string;
  kind: 'reply' | 'note';
  text?: string;
  files?: string[];
  cards?: { title: string; text?: string; url?: string; image?: string; options?: Option[] }[];
  form?: { title?: string; fields: FormField[] };
  parts: Part[];
  base?: number;
  to?: string;
  force?: boolean;
  delay?: number;
  reply_to?: string;
  failed?: string;
}

interface Delivery { state: string; reason: string; delivery: string }

interface Row {
  id: string;
  channel: string;
  customer: { id: string; name: string; avatar?: string };
  status: 'open' | 'resolved' | 'merged';
  agent: { id: string; name: string } | null;
  team?: string;
  preview: string;
  preview_by: string;
  waiting_since: string | null;
  last_at: string;
  last_n: number;
  read_n: number;
  unread: number;
  created_at: string;
  priority?: number;
  tags?: string[];
  blocked?: boolean;
  snoozed?: boolean;
  snoozed_until?: string | null;
  due?: { kind: 'first' | 'next' | 'resolve'; at: string } | null;
  score?: number | null;
}

interface Detail extends Row {
  rating?: { score: number | null; comment: string } | null;
  draft?: { kind: 'reply' | 'note'; text: string; rev: number };
  customer_has_n?: number;
  customer_read_n?: number;
  links?: { title: Record<string, string>; url: string }[];
  profile: Record<string, string>;
  waits_for?: string | null;
  attributes?: Record<string, string>;
  translated?: boolean | null;
  identities: { channel: string; address?: string; external_id?: string }[];
  history: Row[];
  merged_into?: string | null;
  merged?: Merged[];
  deliveries: Record<string, Delivery>;
  window?: { until: string | null; open: boolean; calls_left: number; quota: number } | null;
}

interface Agent { id: string; name: string; email: string; role: string; state: 'present' | 'away'; rights?: string[] }

/** Oneself, and what one may do. */
interface Me extends Agent { teams: string[]; epoch: string; rights: string[]; factor: boolean; needs_factor: boolean; single: boolean }
