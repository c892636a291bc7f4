import { deviceInUse, processingOf, realDevices, SYSTEM_DEVICE, type Device } from './choice'
import { deviceChoice } from './remembered'

/** The microphones or loudspeakers of this device. Browsers name them only to a page that may use them. */
export async function listDevices(kind: 'audioinput' | 'audiooutput'): Promise<Device[]> {
  const devices = await mediaDevices().enumerateDevices()
  return realDevices(
    devices
      .filter((device) => device.kind === kind)
      .map(({ deviceId, label }) => ({ id: deviceId, label })),
  )
}

/** Tells when something is plugged in or out. */
export function onDevicesChanged(changed: () => void): () => void {
  // A page without a secure address has no devices at all.
  const devices = navigator.mediaDevices as MediaDevices | undefined
  devices?.addEventListener('devicechange', changed)
  return () => devices?.removeEventListener('devicechange', changed)
}

/** What to ask the browser for: the chosen microphone where it is there, sounding as it should. */
export interface InputWish {
  deviceId: { ideal: string }
  echoCancellation: boolean
  noiseSuppression: boolean
  autoGainControl: boolean
  channelCount: number
}

export async function inputWish(): Promise<InputWish> {
  const choice = deviceChoice()
  const device = deviceInUse(choice.input, await listDevices('audioinput'))
  // A browser that hides its devices until it is asked still knows an id of last time.
  const id = device?.id ?? choice.input?.id ?? SYSTEM_DEVICE
  return {
    // A preference, not a demand: the chosen one may have been left at home.
    deviceId: { ideal: id },
    ...processingOf(choice, device ?? choice.input),
    channelCount: 1,
  }
}

/** Opens the microphone of the learner's choice; throws the browser's own error. */
export async function openInput(): Promise<MediaStreamTrack> {
  const stream = await mediaDevices().getUserMedia({ audio: await inputWish() })
  const [track] = stream.getAudioTracks()
  if (track === undefined) throw new DOMException('no audio track', 'NotFoundError')
  return track
}

function mediaDevices(): MediaDevices {
  const devices = navigator.mediaDevices as MediaDevices | undefined
  if (devices === undefined) throw new DOMException('not a secure address', 'SecurityError')
  return devices
}
