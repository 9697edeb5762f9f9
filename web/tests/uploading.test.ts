import { expect, test } from 'vitest'
import { namesApart } from '../src/uploading'

test('no two files of an upload have one name', () => {
  expect(namesApart(['IM0001', 'IM0002', 'IM0001', 'IM0001'])).toEqual(['IM0001', 'IM0002', '1_IM0001', '2_IM0001'])
  expect(namesApart(['a', 'a', '1_a'])).toEqual(['a', '1_a', '1_1_a'])
})

test('a header and its data keep their names', () => {
  expect(namesApart(['head.mhd', 'head.raw'])).toEqual(['head.mhd', 'head.raw'])
})

test('names that the server or its disk would write alike are apart', () => {
  expect(namesApart(['ä.dcm', 'ö.dcm', 'SLICE', 'slice'])).toEqual(['ä.dcm', '1_ö.dcm', 'SLICE', '1_slice'])
  const long = 'x'.repeat(150)
  expect(namesApart([`1${long}`, `2${long}`])).toEqual([`1${long}`, `1_${long.slice(-100)}`])
})
