import { describe, expect, it } from 'vitest'
import {
  deviceInUse,
  EVERYTHING_ON,
  processingOf,
  readChoice,
  realDevices,
  withProcessing,
  type DeviceChoice,
} from './choice'

const headset = { id: 'a1', label: 'Headset' }
const webcam = { id: 'b2', label: 'Webcam' }
const nothing: DeviceChoice = { input: null, output: null, processing: {} }

describe('what was stored', () => {
  it('is read back as it was written', () => {
    const choice = withProcessing({ input: headset, output: webcam, processing: {} }, headset, {
      noiseSuppression: false,
    })
    expect(readChoice(JSON.stringify(choice), null)).toEqual(choice)
  })

  it('begins with the microphone that was chosen before loudspeakers could be', () => {
    expect(readChoice(null, 'a1').input).toEqual({ id: 'a1', label: '' })
    expect(readChoice(null, 'default')).toEqual(nothing)
    expect(readChoice(JSON.stringify(nothing), 'a1').input).toBeNull()
  })

  it.each(['', 'null', '[]', '{"input"', '{"input":{"id":7},"output":"x","processing":[1]}'])(
    'counts as nothing where it is damaged: %s',
    (stored) => expect(readChoice(stored, null)).toEqual(nothing),
  )

  it('switches on what it does not name', () => {
    const stored = '{"processing":{"a1":{"echoCancellation":false,"noiseSuppression":"?"}}}'
    expect(processingOf(readChoice(stored, null), headset)).toEqual({
      ...EVERYTHING_ON,
      echoCancellation: false,
    })
  })
})

describe('the device in use', () => {
  it('is the wanted one where it is there', () => {
    expect(deviceInUse(headset, [webcam, headset])).toEqual(headset)
  })

  it('is the system’s choice while the wanted one is gone, and the wanted one again after', () => {
    expect(deviceInUse(headset, [webcam])).toBeNull()
    expect(deviceInUse(headset, [])).toBeNull()
    expect(deviceInUse(headset, [webcam, headset])).toEqual(headset)
  })

  it('is found by its name where the browser gave it a new id', () => {
    const renamed = { id: 'c3', label: 'Headset' }
    expect(deviceInUse(headset, [webcam, renamed])).toEqual(renamed)
  })

  it('is not guessed between two of one name, nor between nameless ones', () => {
    const twins = [
      { id: 'c3', label: 'Headset' },
      { id: 'd4', label: 'Headset' },
    ]
    expect(deviceInUse(headset, twins)).toBeNull()
    expect(deviceInUse({ id: 'a1', label: '' }, [{ id: 'c3', label: '' }])).toBeNull()
  })

  it('is never one of the names for the system’s choice', () => {
    const listed = ['default', 'communications', '', 'a1'].map((id) => ({ id, label: id }))
    expect(realDevices(listed)).toEqual([{ id: 'a1', label: 'a1' }])
  })
})

describe('the switches', () => {
  it('belong to one microphone each, and the system’s choice has its own', () => {
    let choice = withProcessing(nothing, headset, { echoCancellation: false })
    choice = withProcessing(choice, null, { autoGainControl: false })
    expect(processingOf(choice, headset)).toEqual({ ...EVERYTHING_ON, echoCancellation: false })
    expect(processingOf(choice, null)).toEqual({ ...EVERYTHING_ON, autoGainControl: false })
    expect(processingOf(choice, webcam)).toEqual(EVERYTHING_ON)
  })

  it('keep what was switched before', () => {
    const once = withProcessing(nothing, headset, { echoCancellation: false })
    const twice = withProcessing(once, headset, { noiseSuppression: false })
    expect(processingOf(twice, headset)).toEqual({
      echoCancellation: false,
      noiseSuppression: false,
      autoGainControl: true,
    })
  })

  it('are forgotten for microphones of long ago', () => {
    let choice = withProcessing(nothing, headset, { echoCancellation: false })
    for (let visit = 0; visit < 40; visit += 1) {
      choice = withProcessing(choice, { id: `visit-${visit}`, label: '' }, {})
    }
    expect(Object.keys(choice.processing)).toHaveLength(16)
    expect(choice.processing).toHaveProperty('visit-39')
    expect(processingOf(choice, headset)).toEqual(EVERYTHING_ON)
  })
})
