/** The tools: what each is for, its key, and what a method must read for it to be live. */

import * as store from './store'
import type { ToolName } from './store'
import type { PromptKind } from './wire'

export interface ToolInfo {
  name: ToolName
  title: string
  key: string
  icon: string
  help: string
  /** Whether plus and minus differ. */
  sides: boolean
  needs: PromptKind | null
}

export const TOOLS: readonly ToolInfo[] = [
  { name: 'look', title: 'Look', key: 'v', icon: 'cross', sides: false, needs: null,
    help: 'Move the crosshair; a double click enlarges a plane.' },
  { name: 'box', title: 'Box', key: 'b', icon: 'box', sides: false, needs: 'box',
    help: 'Draw a box around the whole object; drag its edges to move them.' },
  { name: 'click', title: 'Click', key: 'c', icon: 'click', sides: true, needs: 'click',
    help: 'Mark one voxel; drag a mark to see the outline follow.' },
  { name: 'scribble', title: 'Scribble', key: 's', icon: 'scribble', sides: true, needs: 'scribble',
    help: 'Draw a stroke that is all inside, or all outside.' },
  { name: 'lasso', title: 'Lasso', key: 'l', icon: 'lasso', sides: true, needs: null,
    help: 'Draw around a region: as a mark for the method, or as the object itself.' },
  { name: 'paint', title: 'Paint', key: 'p', icon: 'paint', sides: true, needs: null,
    help: 'Set voxels by hand; with the minus side it erases.' },
  { name: 'threshold', title: 'Threshold', key: 't', icon: 'threshold', sides: true, needs: null,
    help: 'Paint only those voxels under the brush whose intensity is in a range.' },
]

export const toolOf = (name: ToolName): ToolInfo => TOOLS.find((tool) => tool.name === name)!

/** Whether the method in use understands a tool's marks. */
export const isLive = ({ needs }: ToolInfo): boolean => needs === null || store.reads(needs)

export function choose(name: ToolName): void {
  const tool = toolOf(name)
  if (!isLive(tool)) {
    const method = store.method.value?.title ?? 'The method'
    store.say(`${method} does not read ${tool.needs} marks; choose another method or tool.`)
    return
  }
  store.tool.value = name
}

/** Another brush size, by a factor, within what is useful on this grid. */
export function resize(factor: number): void {
  const spacing = store.session.value?.image.spacing ?? [1, 1, 1]
  const fine = Math.min(...spacing)
  store.brush.value = Math.min(Math.max(store.brush.value * factor, fine), 200 * fine)
}
