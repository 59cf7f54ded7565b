# workerdb_embed(TARGET HEADER TYPE FUNCTION FILE...): the text of the files, compiled into TARGET. HEADER declares
# TYPE {name, text} and FUNCTION, which returns a span of them in the order given. An edit of a file shows in the
# next build.
function(workerdb_embed target header type function)
  if(NOT TARGET ${target})
    return()
  endif()
  set(code "#include \"${header}\"\nnamespace workerdb::cli {\nnamespace {\nconstexpr ${type} kFiles[] = {\n")
  foreach(path ${ARGN})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
    get_filename_component(name ${path} NAME)
    file(READ ${path} text)
    string(APPEND code "{\"workerdb:${name}\", R\"~embedded~(${text})~embedded~\"},\n")
  endforeach()
  string(APPEND code "};\n}  // namespace\nstd::span<const ${type}> ${function}() { return kFiles; }\n}  // namespace workerdb::cli\n")
  # Written only when it differs.
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/embedded/${target}.cc CONTENT "@code@" @ONLY)
  target_sources(${target} PRIVATE ${PROJECT_BINARY_DIR}/embedded/${target}.cc)
endfunction()
