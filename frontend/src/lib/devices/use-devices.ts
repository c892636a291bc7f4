import { useEffect, useState } from 'react'
import type { Device } from './choice'
import { listDevices, onDevicesChanged } from './input'

/** What is plugged in, live. `asked` changes when the page was allowed to know more. */
export function useDevices(kind: 'audioinput' | 'audiooutput', asked?: unknown): readonly Device[] {
  const [devices, setDevices] = useState<readonly Device[]>([])
  useEffect(() => {
    let here = true
    const load = () => {
      listDevices(kind).then(
        (found) => here && setDevices(found),
        () => here && setDevices([]),
      )
    }
    load()
    const end = onDevicesChanged(load)
    return () => {
      here = false
      end()
    }
  }, [kind, asked])
  return devices
}
