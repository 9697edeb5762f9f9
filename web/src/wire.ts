/** What travels between page and server, as `docs/server.md` describes it. */

export type Index = [number, number, number]
export type Axis = 0 | 1 | 2

export interface Region {
  low: Index
  high: Index
}

/** A set of voxels: runs inside a half-open box, I fastest, as start, length, start, length … */
export interface Runs extends Region {
  runs: number[]
}

export type Prompt =
  | { kind: 'click'; at: Index; inside: boolean; axis?: Axis }
  | { kind: 'scribble'; voxels: Runs; inside: boolean; axis?: Axis }
  | { kind: 'box'; low: Index; high: Index; axis?: Axis }
  | { kind: 'adjust'; amount: number }
  | { kind: 'paint'; voxels: Runs; inside: boolean }
  | { kind: 'given'; voxels: Runs }

export type PromptKind = Prompt['kind']

/** A prompt as the server lists it; of paint and given masks it says the box alone. */
export type Placed = { id: number; time: number } & (
  | Exclude<Prompt, { kind: 'paint' | 'given' }>
  | ({ kind: 'paint'; inside: boolean } & Region)
  | ({ kind: 'given' } & Region)
)

export interface Item {
  number: number
  name: string
  colour: string
  locked: boolean
  voxels: number
  ml: number
  region: Region
  prompts: Placed[]
}

export interface Step {
  number: number
  name: string
  time: number
}

export interface ImageInfo {
  path: string | null
  upload: string | null
  format: string | null
  series: string | null
  shape: Index
  spacing: [number, number, number]
  affine: number[][]
  orientation: string
  dims: 2 | 3
  slice_axis: Axis
  channels: string[]
  rgb: boolean
  modality: string | null
  ranges: [number, number, number, number][]
}

export type Value = number | string | boolean | null
export type Fields = Record<string, Value>
export type Status = 'to do' | 'started' | 'done'

export interface Asked {
  time: number
  action: string
  object?: number
  /** The number of the prompt that was to be moved or removed. */
  prompt?: number
  prompts?: Prompt[]
  edit?: { tool: string } & Record<string, unknown>
}

export interface Autosave {
  format: string
  layout: 'labels' | 'objects'
  pattern?: string
}

export interface State {
  id: string
  title: string
  created: number
  opened: number
  image: ImageInfo
  method: { name: string; fields: Fields }
  dims: 2 | 3
  parts: string
  objects: Item[]
  history: { done: number; steps: Step[] }
  next_id: number
  view: Record<string, unknown>
  seconds: Record<string, number>
  status: Status
  saved: boolean
  autosave: Autosave | null
  interrupted: Asked[]
  busy: Busy | null
  exports: string[]
}

export interface FrameHeader {
  kind: 'update' | 'labels' | 'preview' | 'partial'
  region: Region
  dtype: 'uint8' | 'uint16'
  codec: 'deflate' | 'none'
  number?: number
  update?: {
    step?: string
    ids?: number[]
    objects?: number[]
    notes?: string[]
    seconds?: number
    outside?: number
  }
  objects?: Item[]
  removed?: number[]
  history?: { done: number; count: number; added: Step | null }
  next_id?: number
  saved?: boolean
}

export interface Field {
  name: string
  type: 'number' | 'integer' | 'boolean' | 'text'
  optional: boolean
  default: Value
  help: string
  choices: Value[] | null
}

export interface Method {
  name: string
  title: string
  when: string
  about: string
  paper: string
  reads: PromptKind[]
  dims: number[]
  joint: boolean
  both_sides: boolean
  fields: Field[]
}

export interface Tool {
  name: string
  help: string
  fields: Field[]
}

export interface Series {
  number: number
  uid: string
  description: string
  modality: string | null
  slices: number
}

export interface About {
  version: string
  user: string
  folder: string | null
  notice: string
  default: { method: string | null; fields: Fields }
  limits: Record<string, number>
}

export interface FileImage {
  path: string
  name: string
  format: string
  bytes: number
  modified: number
  status: Status
  session: string | null
}

export interface Listing {
  folder: string
  parent: string | null
  folders: { name: string; path: string }[]
  images: FileImage[]
  more: boolean
}

export interface SessionRow {
  id: string
  title: string
  path: string | null
  created: number
  opened: number
  objects: number
  steps: number
  status: Status
}

export interface WorkItem {
  path: string
  name: string
  format: string
  status: Status
  session: string | null
  seconds: number
}

export interface Suggestion {
  at: Index | null
  axis: Axis
  certainty: number
  why: string
}

export interface Opening {
  path?: string
  paths?: string[]
  upload?: string
  series?: string
  channel?: number
  method?: string
  resume?: boolean
}

export interface ExportChoice {
  format: string
  layout?: 'labels' | 'objects'
  objects?: number[]
  pattern?: string
  axis?: Axis
  slice?: number
  channel?: number
}

export type Row = Record<string, number | string | null>

export interface Failure {
  kind: string
  message: string
  choices?: Series[]
}

export type Busy = { kind: 'busy'; step: string; waiting: number }

export type Told =
  | Busy
  | { kind: 'progress'; fraction: number }
  | { kind: 'idle' }
  | { kind: 'changed'; done: number; window?: string }
  | { kind: 'saved' }
  | { kind: 'error'; number: number; error: Failure }
  | { kind: 'pong' }
