/** Asking the server; an answer that is an error is thrown as a `Refusal`. */

import { readFrame, type Frame } from './frame'
import { namesApart } from './uploading'
import type { Tell } from './task'
import type {
  About, Autosave, ExportChoice, Failure, Fields, Listing, Method, Opening, Prompt, Row, Series,
  SessionRow, State, Status, Suggestion, Tool, WorkItem,
} from './wire'

/** This window's own name, so that it is not told of what it did itself. */
export const WINDOW = crypto.getRandomValues(new Uint32Array(3)).join('')

export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly failure: Failure,
  ) {
    super(failure.message)
  }
}

type Body = object | Blob | null

async function ask(
  method: string, path: string, body: Body = null, signal?: AbortSignal,
): Promise<Response> {
  const headers: Record<string, string> = { 'X-Window': WINDOW }
  if (body && !(body instanceof Blob)) headers['Content-Type'] = 'application/json'
  let reply: Response
  try {
    reply = await fetch(`/api${path}`, {
      method,
      headers,
      signal,
      body: body instanceof Blob ? body : body && JSON.stringify(body),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    const message = 'The server does not answer; start it again, nothing that it answered is lost.'
    throw new Refusal(0, { kind: 'Offline', message })
  }
  if (reply.ok) return reply
  throw new Refusal(reply.status, await failureOf(reply))
}

async function failureOf(reply: Response): Promise<Failure> {
  try {
    return ((await reply.json()) as { error: Failure }).error
  } catch {
    return { kind: 'Internal', message: `The server answered ${reply.status}; try again.` }
  }
}

const json = async <T>(
  method: string, path: string, body: Body = null, signal?: AbortSignal,
): Promise<T> => (await ask(method, path, body, signal)).json() as Promise<T>
const frame = async (
  method: string, path: string, body: Body = null, signal?: AbortSignal,
): Promise<Frame> => readFrame(await (await ask(method, path, body, signal)).arrayBuffer())
const nothing = async (method: string, path: string, body: Body = null): Promise<void> => {
  await ask(method, path, body)
}
const query = (values: Record<string, string | number | undefined>): string => {
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
}

/** A body as it arrives. */
async function arriving(reply: Response, tell: Tell): Promise<ArrayBuffer> {
  const size = Number(reply.headers.get('Content-Length'))
  if (!size || !reply.body) return reply.arrayBuffer()
  const whole = new Uint8Array(size)
  const reader = reply.body.getReader()
  let at = 0
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    whole.set(part.value, at)
    tell((at += part.value.length) / size)
  }
  return whole.buffer
}

export const about = () => json<About>('GET', '/about')
export const methods = async () => (await json<{ methods: Method[] }>('GET', '/methods')).methods
export const tools = async () => (await json<{ tools: Tool[] }>('GET', '/tools')).tools
export const files = (folder: string) => json<Listing>('GET', `/files?${query({ folder })}`)
export const series = async (source: { path?: string; upload?: string }) =>
  (await json<{ series: Series[] }>('GET', `/files/series?${query(source)}`)).series
export const work = () => json<{ items: WorkItem[]; resume: string | null }>('GET', '/work')
export const setStatus = (path: string, status: Status) => nothing('PUT', '/work', { path, status })

export async function upload(
  found: readonly File[], signal: AbortSignal, tell: Tell,
): Promise<string> {
  const whole = found.reduce((sum, { size }) => sum + size, 0)
  let sent = 0
  const made = await json<{ upload: string }>('POST', '/uploads', {})
  const names = namesApart(found.map(({ name }) => name))
  for (const [n, file] of found.entries()) {
    await ask('PUT', `/uploads/${made.upload}/${encodeURIComponent(names[n])}`, file, signal)
    tell((sent += file.size) / whole)
  }
  return made.upload
}

export const sessions = async () =>
  (await json<{ sessions: SessionRow[] }>('GET', '/sessions')).sessions
export const open = (opening: Opening, signal: AbortSignal) =>
  json<State>('POST', '/sessions', { resume: true, ...opening }, signal)
export const state = (id: string, signal?: AbortSignal) =>
  json<State>('GET', `/sessions/${id}`, null, signal)
export const forget = (id: string) => nothing('DELETE', `/sessions/${id}`)
export const image = async (id: string, channel: string, signal: AbortSignal, tell: Tell) =>
  arriving(await ask('GET', `/sessions/${id}/image?${query({ channel })}`, null, signal), tell)
export const labels = (id: string, signal?: AbortSignal) =>
  frame('GET', `/sessions/${id}/labels`, null, signal)
export const forgetInterrupted = (id: string) => nothing('DELETE', `/sessions/${id}/interrupted`)

export const add = (id: string, object: number, prompts: Prompt[]) =>
  frame('POST', `/sessions/${id}/prompts`, { object, prompts })
export const replace = (id: string, prompt: number, by: Prompt) =>
  frame('PUT', `/sessions/${id}/prompts/${prompt}`, { prompt: by })
export const remove = (id: string, prompt: number) =>
  frame('DELETE', `/sessions/${id}/prompts/${prompt}`)
export const undo = (id: string, steps = 1) => frame('POST', `/sessions/${id}/undo`, { steps })
export const redo = (id: string, steps = 1) => frame('POST', `/sessions/${id}/redo`, { steps })
export const goto = (id: string, done: number) => frame('POST', `/sessions/${id}/goto`, { done })
export const useMethod = (id: string, name: string, fields: Fields, dims?: number) =>
  frame('POST', `/sessions/${id}/method`, { name, fields, dims })
export const newObject = (id: string, said: { name?: string; colour?: string }) =>
  frame('POST', `/sessions/${id}/objects`, said)
export const describe = (
  id: string, number: number, said: { name?: string; colour?: string; locked?: boolean },
) => frame('PATCH', `/sessions/${id}/objects/${number}`, said)
export const deleteObject = (id: string, number: number) =>
  frame('DELETE', `/sessions/${id}/objects/${number}`)
export const edit = (id: string, object: number, tool: string, values: object) =>
  frame('POST', `/sessions/${id}/edits`, { tool, object, ...values })
export const addSegmentation = (
  id: string, source: { path?: string; upload?: string }, signal: AbortSignal,
) => frame('POST', `/sessions/${id}/segmentations`, source, signal)
export const cancel = (id: string) => nothing('POST', `/sessions/${id}/cancel`, {})

export const probability = (id: string, object: number) =>
  frame('GET', `/sessions/${id}/objects/${object}/probability`)
export const suggestion = (id: string, object: number, signal: AbortSignal) =>
  json<Suggestion>('GET', `/sessions/${id}/objects/${object}/suggestion`, null, signal)
export const statistics = async (id: string, signal: AbortSignal) =>
  (await json<{ rows: Row[] }>('GET', `/sessions/${id}/statistics`, null, signal)).rows
export const reportSeconds = (id: string, object: number, seconds: number) =>
  json<{ seconds: Record<string, number> }>('POST', `/sessions/${id}/seconds`, { object, seconds })

export const exportAddress = (id: string, { objects, ...rest }: ExportChoice) =>
  `/api/sessions/${id}/export?${query({ ...rest, objects: objects?.join(',') })}`
export const download = async (id: string, choice: ExportChoice, signal: AbortSignal) => {
  const reply = await ask('GET', exportAddress(id, choice).slice('/api'.length), null, signal)
  const said = reply.headers.get('Content-Disposition') ?? ''
  const name = /filename\*=UTF-8''([^;]+)/i.exec(said)?.[1] ?? /filename="?([^";]+)/i.exec(said)?.[1]
  return { name: decodeURIComponent(name ?? `segmentation.${choice.format}`), blob: await reply.blob() }
}
export const writeBeside = async (id: string, choice: ExportChoice, signal: AbortSignal) =>
  (await json<{ written: string[] }>('POST', `/sessions/${id}/export`, choice, signal)).written
export const setAutosave = (id: string, autosave: Autosave | null) =>
  nothing('PUT', `/sessions/${id}/autosave`, autosave ?? new Blob(['null'], { type: 'application/json' }))

/** What browsers send of a page that goes away, in bytes. */
const LAST_WORDS = 60_000

/** Send something, even if the page goes away at this moment, unless it is much. */
function leaveBehind(method: string, path: string, said: object): void {
  const body = new Blob([JSON.stringify(said)], { type: 'application/json' })
  void fetch(`/api${path}`, {
    method,
    keepalive: body.size < LAST_WORDS,
    headers: { 'X-Window': WINDOW },
    body,
  }).catch(() => undefined)
}

/** Keep what the page shows. */
export const keepView = (id: string, view: object) => leaveBehind('PUT', `/sessions/${id}/view`, view)
export const keepSeconds = (id: string, object: number, seconds: number) =>
  leaveBehind('POST', `/sessions/${id}/seconds`, { object, seconds })

