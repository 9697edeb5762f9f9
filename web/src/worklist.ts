/** The work list over the server's folder: next, previous, done; and opening what is in it. */

import * as server from './server'
import * as session from './session'
import * as store from './store'
import { during, type Tell } from './task'
import type { Failure, Opening, Series, WorkItem } from './wire'

/** A choice that an image asks for before it opens. */
export interface Question {
  message: string
  choices: Series[]
  opening: Opening
}
export let question: Question | null = null

async function openThis(opening: Opening, signal: AbortSignal, tell: Tell): Promise<void> {
  try {
    await session.show(await server.open(opening, signal), signal, tell)
    store.dialog.value = store.dialog.value === 'interrupted' ? 'interrupted' : null
    void refreshWork()
  } catch (error) {
    const failure: Failure | null = error instanceof server.Refusal ? error.failure : null
    if (failure?.kind !== 'SeveralImages' || !failure.choices?.length) throw error
    question = { message: failure.message, choices: failure.choices, opening }
    store.dialog.value = 'series'
  }
}

/** Open an image; asks back if it holds several. */
export const openImage = (opening: Opening): Promise<void> =>
  during(`Opening ${opening.paths?.join(', ') ?? opening.path ?? 'the upload'}`, (signal, tell) =>
    openThis(opening, signal, tell))

export async function openSession(id: string): Promise<void> {
  const shown = await during('Opening the session', async (signal, tell) => {
    await session.show(await server.state(id, signal), signal, tell)
    return true
  })
  if (shown) void refreshWork()
  else location.hash = ''
}

/** Upload files and open them as one image. */
export async function openFiles(files: readonly File[]): Promise<void> {
  if (!files.length) return
  const name = files.length > 1 ? `${files.length} files` : files[0].name
  await during(`Opening ${name}`, async (signal, tell) => {
    const upload = await server.upload(files, signal, tell)
    tell(0)
    await openThis({ upload }, signal, tell)
  })
}

export async function refreshWork(): Promise<void> {
  try {
    const { items, resume } = await server.work()
    store.batch(() => ((store.work.value = items), (store.resume.value = resume)))
  } catch {
    store.work.value = []
  }
}

/** Where the open image is in the list; -1 if it is not. */
export const placeInWork = (): number => {
  const path = store.session.value?.image.path
  return path === undefined || path === null ? -1 : store.work.value.findIndex((item) => item.path === path)
}

export async function neighbour(by: number): Promise<void> {
  const at = placeInWork()
  const item: WorkItem | undefined = at < 0 ? undefined : store.work.value[at + by]
  if (item) await openImage({ path: item.path })
  else store.say(by > 0 ? 'This is the last image of the work list.' : 'This is the first image.')
}

/** Mark the image as done, or as to do after all. */
export async function setDone(): Promise<void> {
  const now = store.session.value
  const at = placeInWork()
  if (!now || at < 0) return void store.say('This image is not in the work list of a folder.')
  const status = store.work.value[at].status === 'done' ? 'to do' : 'done'
  try {
    await server.setStatus(store.work.value[at].path, status)
    await refreshWork()
  } catch (error) {
    store.fail(error)
  }
}
