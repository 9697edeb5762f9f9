/** Starts the page. */

import { render } from 'preact'
import { startClock } from './clock'
import { watchDoubt } from './doubt'
import { listenToKeys } from './keys'
import { voxelToScreen } from './grid'
import * as server from './server'
import * as session from './session'
import * as store from './store'
import { tiles } from './tiles'
import { App } from './ui/app'
import { keepTheView } from './view'
import { openSession } from './worklist'
import type { Axis, Index } from './wire'
import './style.css'

function follow(): void {
  const id = /^#\/session\/([\w-]+)$/.exec(location.hash)?.[1]
  if (id && id !== store.session.value?.id) void openSession(id)
  else if (!id && store.session.value) session.leave()
}

function start(): void {
  render(<App />, document.querySelector('#page')!)
  keepTheView()
  listenToKeys()
  startClock()
  watchDoubt()
  addEventListener('hashchange', follow)
  follow()
  server.about().then((about) => (store.about.value = about), store.fail)
  server.methods().then((methods) => (store.methods.value = methods), store.fail)
  server.tools().then((tools) => (store.tools.value = tools), store.fail)
}

/** For tests and scripts: where a voxel is on the page, in pixels of CSS. */
function where(voxel: Index, axis: Axis): [number, number] | null {
  const tile = tiles().find(({ plane }) => plane.axis === axis)
  const stage = document.querySelector('#stage')?.getBoundingClientRect()
  if (!tile || !stage) return null
  const [x, y] = voxelToScreen(tile, voxel)
  return [stage.left + x, stage.top + y]
}

/** For tests and scripts: the number of the object at a voxel. */
const label = (voxel: Index): number => store.labels.value?.at(voxel) ?? 0

const crosshair = (): Index => store.crosshair.value

Object.assign(window, { delineate: { where, label, crosshair, settled: session.settled } })
start()
