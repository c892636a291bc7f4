import { createContext, use, useSyncExternalStore } from 'react'
import type { Api } from './api/client'
import type { Auth, AuthState } from './auth/auth'
import type { AppConfig } from './env'

export interface Services {
  config: AppConfig
  auth: Auth
  api: Api
}

export const ServicesContext = createContext<Services | null>(null)

export function useServices(): Services {
  const services = use(ServicesContext)
  if (services === null) throw new Error('rendered outside of ServicesContext')
  return services
}

export function useAuthState(): AuthState {
  const { auth } = useServices()
  return useSyncExternalStore(auth.subscribe, auth.snapshot)
}
